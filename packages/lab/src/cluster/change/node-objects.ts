/** What the API server knows of nodes that leave, and what is told of those that change. */
import { eventsPath, isNotFound, type KubeClient, nodesPath, podsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { eventName } from '../../event-name.ts';

/** Nodes that left do not come back, and nobody is there any more to end their pods: all these objects go. */
export async function deleteNodeObjects(client: KubeClient, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => deleteNode(client, name)));
}

/** The node first: as long as it is there, sets that want a pod on each node replace those that go. */
async function deleteNode(client: KubeClient, name: string): Promise<void> {
  await gone(client.delete(nodesPath, name));
  const asked = new Set<string>();
  // A controller that has not seen that yet may have made another pod meanwhile.
  for (;;) {
    const { items } = await client.list<Pod>(podsPath(), { fieldSelector: `spec.nodeName=${name}` });
    const rest = items.filter(({ metadata }) => !asked.has(metadata.uid ?? ''));
    if (rest.length === 0) return;
    for (const { metadata } of rest) asked.add(metadata.uid ?? '');
    await Promise.all(
      rest.map(({ metadata }) => gone(client.delete(podsPath(metadata.namespace), metadata.name ?? '', { gracePeriodSeconds: 0 }))),
    );
  }
}

/** That something is gone already is what was wanted. */
async function gone(deletion: Promise<unknown>): Promise<void> {
  await deletion.catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** What happened to a node. */
export interface NodeEvent {
  readonly node: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Writes an Event in the name of what upgrades nodes in AKS. A courtesy: a failure changes nothing. */
export async function tellOfNode(client: KubeClient, { node, ...details }: NodeEvent): Promise<void> {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: eventName(node), namespace: 'default' },
    // Events of nodes name them by their name also where a uid is expected, as a kubelet's do.
    involvedObject: { kind: 'Node', apiVersion: 'v1', name: node, uid: node },
    ...details,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: 'upgrader' },
    reportingComponent: 'upgrader',
    reportingInstance: '',
  };
  await client.create(eventsPath('default'), event).catch(() => undefined);
}
