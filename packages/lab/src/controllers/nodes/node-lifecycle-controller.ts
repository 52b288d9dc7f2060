/**
 * Notices nodes that are lost, taints nodes by their conditions, and says of the pods of lost nodes that they are
 * not ready, so that services stop sending there.
 *
 * A node is heard of by its Lease and by its status. Fake nodes never say anything and count as they were made.
 */
import { isConflict, isNotFound, leasesPath, nodesPath, podsPath } from '@weir/client';
import type { KubeObject, Node, Pod } from '@weir/kube';
import { fakeLabel } from '../../fakes/fake-labels.ts';
import { type Controller, type ControllerContext } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import type { ObjectStore } from '../shared-informers.ts';
import { isPodReady } from '../workloads/workload.ts';
import { graceMs, lostConditions, wantedTaints } from './node-health.ts';

/** The namespace of the leases that nodes renew. */
const leaseNamespace = 'kube-node-lease';

interface Lease extends KubeObject {
  readonly spec?: { readonly renewTime?: string };
}

/** Starts the controller. */
export function startNodeLifecycleController(context: ControllerContext): Controller {
  const { client, informers, log } = context;
  const heard = new HeardNodes();
  const registered = new Set<string>();
  const pods = informers.follow<Pod>(podsPath());
  const nodes = informers.follow<Node>(nodesPath, {
    upsert: (node) => {
      const name = node.metadata.name ?? '';
      if (isReal(node) && !registered.has(name)) {
        registered.add(name);
        tell(context, node, 'RegisteredNode', `Registered Node ${name} in Controller`);
      }
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
      heard.note(name, ready?.lastHeartbeatTime ?? '');
      queue.add(name);
    },
    remove: (node) => {
      const name = node.metadata.name ?? '';
      if (registered.delete(name)) tell(context, node, 'RemovingNode', `Removing Node ${name} from Controller`);
      heard.forget(name);
    },
  });
  informers.follow<Lease>(leasesPath(), {
    upsert: ({ metadata, spec }) => {
      if (metadata.namespace === leaseNamespace) heard.note(metadata.name ?? '', spec?.renewTime ?? '');
    },
    remove: () => undefined,
  });
  const queue = new KeyedQueue({
    work: async (name) => {
      const node = nodes.get(undefined, name);
      if (node === undefined || !isReal(node)) return;
      const nowMs = Date.now();
      const conditions = lostConditions(node, heard.at(name), nowMs);
      if (conditions !== undefined) {
        context.events.record(node, { type: 'Normal', reason: 'NodeNotReady', message: `Node ${name} status is now: NodeNotReady` });
        await client.patch(nodesPath, name, { status: { conditions } }, { type: 'strategic', subresource: 'status' });
        return;
      }
      await writeTaints(context, node, nowMs);
      if (node.status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'True') await reportPodsNotReady(context, pods, name);
      queue.addLater(name, Math.max(1_000, heard.at(name) + graceMs - nowMs));
    },
    onError: (node, error) => log.warn({ node, error: String(error) }, 'the state of a node could not be written yet'),
  });
  return { stop: () => queue.stop() };
}

function tell({ events }: ControllerContext, node: Node, reason: string, what: string): void {
  events.record(node, { type: 'Normal', reason, message: `Node ${node.metadata.name ?? ''} event: ${what}` });
}

function isReal({ metadata }: Node): boolean {
  return metadata.labels?.[fakeLabel] !== 'true';
}

async function writeTaints({ client }: ControllerContext, node: Node, nowMs: number): Promise<void> {
  const taints = wantedTaints(node, nowMs);
  if (taints === undefined) return;
  const { name = '', resourceVersion } = node.metadata;
  try {
    await client.patch(
      nodesPath,
      name,
      { metadata: { resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } },
      { type: 'merge' },
    );
  } catch (error) {
    // The newer version comes with the informer.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

async function reportPodsNotReady({ client }: ControllerContext, pods: ObjectStore<Pod>, node: string): Promise<void> {
  for (const pod of pods.list()) {
    if (pod.spec?.nodeName !== node || !isPodReady(pod)) continue;
    const { namespace, name = '', uid } = pod.metadata;
    const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const patch = { metadata: { uid }, status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime }] } };
    try {
      await client.patch(podsPath(namespace), name, patch, { type: 'strategic', subresource: 'status' });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

/** When each node was heard of, by this machine's clock: whoever starts anew begins to wait anew. */
class HeardNodes {
  readonly #last = new Map<string, { readonly text: string; readonly atMs: number }>();

  /** A time stamp that differs from the last one is a sign of life. */
  note(node: string, text: string): void {
    if (this.#last.get(node)?.text !== text) this.#last.set(node, { text, atMs: Date.now() });
  }

  at(node: string): number {
    return this.#last.get(node)?.atMs ?? Date.now();
  }

  forget(node: string): void {
    this.#last.delete(node);
  }
}
