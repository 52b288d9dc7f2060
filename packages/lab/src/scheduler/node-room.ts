/** Whether a pod finds room on a node: places for pods, requested resources, host ports. */
import { type Container, type ContainerPort, type Pod, parseQuantity, type Quantities } from '@weir/kube';
import type { NodeView } from './cluster-view.ts';
import { lasting, type Obstacle, passing } from './obstacle.ts';

/** What is missing on the node; empty when there is room. Who asks for more than the whole node has is not helped by others that go. */
export function roomObstacles(pod: Pod, view: NodeView): readonly Obstacle[] {
  const allocatable = view.node.status?.allocatable ?? {};
  const obstacles: Obstacle[] = [];
  // Without a word of the node, it takes any number.
  if (allocatable['pods'] !== undefined && view.pods.length >= Number(allocatable['pods'])) obstacles.push(passing('Too many pods'));
  for (const [name, wanted] of requestsOf(pod)) {
    const amount = parseQuantity(allocatable[name] ?? '');
    if (wanted === 0 || (amount === undefined && (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage'))) continue;
    const used = view.pods.reduce((sum, other) => sum + (requestsOf(other).get(name) ?? 0), 0);
    const isTooMuch = wanted > (amount ?? 0);
    if (used + wanted > (amount ?? 0)) obstacles.push(isTooMuch ? lasting(`Insufficient ${name}`) : passing(`Insufficient ${name}`));
  }
  return obstacles;
}

/** Whether all host ports of the pod are free on the node. */
export function hasFreePorts(pod: Pod, { pods }: NodeView): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return true;
  const taken = pods.flatMap(hostPorts);
  return wanted.every((port) => !taken.some((other) => collides(port, other)));
}

/**
 * What a pod asks for, by resource: its containers and sidecars together, or the most that an init container
 * needs with the sidecars started before it, and the overhead of its runtime.
 */
function requestsOf(pod: Pod): ReadonlyMap<string, number> {
  const { containers = [], initContainers = [], overhead = {} } = pod.spec ?? {};
  const running = new Map<string, number>();
  const peak = new Map<string, number>();
  for (const container of initContainers) {
    if (container.restartPolicy === 'Always') add(running, container.resources?.requests);
    else {
      for (const [name, amount] of amountsOf(container)) peak.set(name, Math.max(peak.get(name) ?? 0, amount + (running.get(name) ?? 0)));
    }
  }
  for (const container of containers) add(running, container.resources?.requests);
  for (const [name, amount] of peak) running.set(name, Math.max(running.get(name) ?? 0, amount));
  add(running, overhead);
  return running;
}

function amountsOf({ resources }: Container): readonly (readonly [string, number])[] {
  return Object.entries(resources?.requests ?? {}).map(([name, quantity]) => [name, parseQuantity(quantity) ?? 0]);
}

function add(sums: Map<string, number>, quantities: Quantities | undefined): void {
  for (const [name, quantity] of Object.entries(quantities ?? {})) sums.set(name, (sums.get(name) ?? 0) + (parseQuantity(quantity) ?? 0));
}

function hostPorts(pod: Pod): readonly ContainerPort[] {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const all = [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')];
  return all.flatMap(({ ports = [] }) => ports.filter(({ hostPort }) => (hostPort ?? 0) > 0));
}

function collides(a: ContainerPort, b: ContainerPort): boolean {
  if (a.hostPort !== b.hostPort || (a.protocol ?? 'TCP') !== (b.protocol ?? 'TCP')) return false;
  const [one, other] = [a.hostIP ?? '0.0.0.0', b.hostIP ?? '0.0.0.0'];
  return one === other || one === '0.0.0.0' || other === '0.0.0.0';
}
