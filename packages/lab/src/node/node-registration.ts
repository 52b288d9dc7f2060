/**
 * The Node object of this node: made or brought up to date at the start, then kept alive by a heartbeat. Who deletes
 * it means it: as with a kubelet, the node comes back when its process starts again, or somebody makes the object.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff, isAlreadyExists, isNotFound, type KubeClient, nodesPath } from '@weir/client';
import type { Node } from '@weir/kube';
import type { Logger } from 'pino';
import { engineLabels } from '../engine-pods/engine-labels.ts';
import { renewNodeLease } from './node-lease.ts';
import type { NodeOptions } from './node-options.ts';
import {
  goArchitecture,
  kubeletVersionOf,
  type NodeConditions,
  nodeStatusPatch,
  stoppedConditions,
  windowsBuild,
  workingConditions,
} from './node-status.ts';

const heartbeatMs = 10_000;

/** Where troubles are told, and when the node ends. */
interface NodeLife {
  readonly log: Logger;
  readonly stopped: AbortSignal;
}

/** Registers the node, retrying until the API server takes it, and keeps its Ready condition fresh until it is stopped. */
export async function registerNode(client: KubeClient, options: NodeOptions, { log, stopped }: NodeLife): Promise<void> {
  const backoff = new Backoff({ initialMs: 50, maximumMs: 5_000 });
  for (let registered = false; !stopped.aborted; ) {
    try {
      if (!registered) await upsertNode(client, options);
      registered = true;
      await writeNodeStatus(client, options, workingConditions(options));
      backoff.reset();
      break;
    } catch (error) {
      log.warn({ err: error }, 'the API server does not take the node yet');
      await sleep(backoff.next(), undefined, { signal: stopped }).catch(() => undefined);
    }
  }
  void keepAlive(client, options, stopped);
}

/** Says that the node is going: nothing new is scheduled here while its process is away. */
export function reportNotReady(client: KubeClient, options: NodeOptions): Promise<void> {
  return writeNodeStatus(client, options, stoppedConditions);
}

async function keepAlive(client: KubeClient, options: NodeOptions, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    await sleep(heartbeatMs, undefined, { signal: stopped }).catch(() => undefined);
    if (stopped.aborted) return;
    // What fails now is written by a later heartbeat.
    await writeNodeStatus(client, options, workingConditions(options)).catch(() => undefined);
  }
}

async function upsertNode(client: KubeClient, options: NodeOptions): Promise<void> {
  const labels = nodeLabels(options);
  const firstLabels = Object.fromEntries(Object.entries(labels).filter((label): label is [string, string] => label[1] !== null));
  const { taints = [] } = options.identity ?? {};
  try {
    const node: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: options.node, labels: firstLabels },
      spec: {
        ...(options.podBlocks[0] === undefined ? {} : { podCIDR: options.podBlocks[0], podCIDRs: options.podBlocks }),
        ...(taints.length === 0 ? {} : { taints }),
      },
    };
    await client.create(nodesPath, node);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await client.patch(nodesPath, options.node, { metadata: { labels } }, { type: 'merge' });
  }
}

/** Brings the labels up to date of a node that has registered itself: what it is told has changed. */
export async function relabelNode(client: KubeClient, options: NodeOptions, { log, stopped }: NodeLife): Promise<void> {
  for (const backoff = new Backoff({ initialMs: 50, maximumMs: 5_000 }); !stopped.aborted; ) {
    try {
      await client.patch(nodesPath, options.node, { metadata: { labels: nodeLabels(options) } }, { type: 'merge' });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      log.warn({ err: error }, 'the labels of the node cannot be written yet');
      await sleep(backoff.next(), undefined, { signal: stopped }).catch(() => undefined);
    }
  }
}

/** Writes nothing when the Node object is gone. */
async function writeNodeStatus(client: KubeClient, options: NodeOptions, conditions: NodeConditions): Promise<void> {
  try {
    const node = await client.get<Node>(nodesPath, options.node);
    await renewNodeLease(client, node);
    await client.patch(nodesPath, options.node, nodeStatusPatch(options, node, conditions), { type: 'strategic', subresource: 'status' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Those that a kubelet sets, what there is to say of the engine, and on Windows what AKS adds for its operating system. Null: not any more. */
function nodeLabels(options: NodeOptions): Readonly<Record<string, string | null>> {
  const { node, engine, hnsSocket, identity } = options;
  const system = hnsSocket === undefined ? 'linux' : 'windows';
  return {
    'kubernetes.io/hostname': node,
    'kubernetes.io/os': system,
    'kubernetes.io/arch': goArchitecture(),
    'beta.kubernetes.io/os': system,
    'beta.kubernetes.io/arch': goArchitecture(),
    ...(hnsSocket === undefined ? {} : windowsLabels(options)),
    ...engineLabels({ engine, system, kubeletVersion: kubeletVersionOf(options) }),
    ...identity?.labels,
  };
}

function windowsLabels(options: NodeOptions): Readonly<Record<string, string>> {
  return { 'node.kubernetes.io/windows-build': windowsBuild(options), 'kubernetes.azure.com/os-sku': 'Windows2022' };
}
