/**
 * Nodes that join and leave a running cluster. The description is written first and the supervisor told then, so that a
 * change that is cut off is carried out at the next one, or at the next start.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isNotFound, KubeClient, loadKubeconfig, nodesPath, podsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { checkNodeName } from '../network/netns-names.ts';
import { nodeRoom } from '../network/network-shape.ts';
import { type ClusterConfig, type NamedNode, planFurtherNode, readClusterConfig, writeClusterConfig } from './cluster-config.ts';
import type { ClusterEngine } from './cluster-engine.ts';
import { busyError, ClusterError } from './cluster-error.ts';
import { writeNodeFiles } from './cluster-files.ts';
import { clusterLayout } from './cluster-layout.ts';
import { clusterStatus, isUp } from './cluster-status.ts';
import { takeProcessLock } from './process-lock.ts';
import { askSupervisor } from './supervisor-socket.ts';

/** What is to change. A name in both lists is a node that is replaced. */
export interface NodesChange {
  readonly leave: readonly string[];
  readonly join: readonly NamedNode[];
  /** The engine that the cluster has from now on, for nodes without one of their own; absent: it keeps its own. */
  readonly engine?: ClusterEngine;
}

/** The supervisor ends and starts processes meanwhile. */
const changeMs = 120_000;
const readyMs = 120_000;

/** Carries out the change; resolves when the joining nodes and their agents are ready. Throws {@link ClusterError}. */
export async function changeNodes(cluster: string, change: NodesChange): Promise<void> {
  const layout = clusterLayout(cluster);
  const taken = takeProcessLock(layout.changeLock);
  if ('holder' in taken) throw busyError(cluster, taken.holder.pid);
  try {
    const config = await readClusterConfig(cluster);
    if (config === undefined) throw new ClusterError('not-found', `there is no cluster "${cluster}"`);
    const left = { ...config, nodes: config.nodes.filter(({ name }) => !change.leave.includes(name)) };
    if (left.nodes.length < config.nodes.length) {
      await carryOut(left);
      await deleteNodeObjects(cluster, change.leave);
    }
    const joined = withJoining(change.engine === undefined ? left : { ...left, engine: change.engine }, change.join);
    await carryOut(joined);
    await untilReady(cluster, change.join);
  } finally {
    taken.lock.release();
  }
}

function withJoining(config: ClusterConfig, joining: readonly NamedNode[]): ClusterConfig {
  return joining.reduce((grown, joiner) => {
    checkNodeName(grown.name, joiner.name);
    if (grown.nodes.some(({ name }) => name === joiner.name)) return grown;
    const node = planFurtherNode(grown, joiner);
    if (node !== undefined) return { ...grown, nodes: [...grown.nodes, node] };
    throw new ClusterError('invalid', `cluster "${grown.name}" has ${nodeRoom(grown.network)} nodes already, as many as it can have`);
  }, config);
}

async function carryOut(config: ClusterConfig): Promise<void> {
  const layout = clusterLayout(config.name);
  // Loaded here because the certificate library is slow to load.
  const { ClusterPki } = await import('../pki/cluster-pki.ts');
  const pki = await ClusterPki.open(layout.pki, config.name);
  for (const node of config.nodes) await writeNodeFiles(config, pki, node);
  await writeClusterConfig(config);
  await askSupervisor(layout.supervisorSocket, 'POST', '/nodes', changeMs);
}

/** Nodes that left do not come back, and nobody is there any more to end their pods: all these objects go. */
async function deleteNodeObjects(cluster: string, names: readonly string[]): Promise<void> {
  const client = new KubeClient(await loadKubeconfig(clusterLayout(cluster).kubeconfig), { userAgent: 'weir-nodes' });
  try {
    for (const name of names) {
      const { items } = await client.list<Pod>(podsPath(), { fieldSelector: `spec.nodeName=${name}` });
      await Promise.all(
        items.map(({ metadata }) => gone(client.delete(podsPath(metadata.namespace), metadata.name ?? '', { gracePeriodSeconds: 0 }))),
      );
      await gone(client.delete(nodesPath, name));
    }
  } finally {
    client.close();
  }
}

/** That something is gone already is what was wanted. */
async function gone(deletion: Promise<unknown>): Promise<void> {
  await deletion.catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

async function untilReady(cluster: string, joining: readonly NamedNode[]): Promise<void> {
  for (const deadlineMs = Date.now() + readyMs; ; await sleep(50)) {
    const status = await clusterStatus(cluster, 'uncounted');
    const waiting = joining.find(({ name }) => {
      const node = status?.nodes.find((each) => each.name === name);
      return node === undefined || !isUp(node);
    });
    if (waiting === undefined) return;
    if (Date.now() > deadlineMs) {
      throw new ClusterError('failed', `node ${waiting.name} of cluster "${cluster}" is not ready after ${readyMs / 1_000} s`);
    }
  }
}
