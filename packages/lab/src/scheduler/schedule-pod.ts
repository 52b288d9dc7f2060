/**
 * Which node a pod goes to: values in, values out.
 *
 * Filters in the order and the words of the reference scheduler (the words end up in `FailedScheduling`
 * events), then the node that is preferred most; among equals the one with the fewest pods, then the
 * first by name. A pod that fits nowhere may drive away pods of lower priority.
 */
import type { Pod } from '@weir/kube';
import { type ClusterView, type NodeView, nameOf } from './cluster-view.ts';
import { matchesNodeSelector, matchesNodeTerm, type Taint, tolerates, untoleratedTaint } from './node-fit.ts';
import { hasFreePorts, roomObstacles } from './node-room.ts';
import { lasting, type Obstacle, passing } from './obstacle.ts';
import { affinityObstacle, affinityScore } from './pod-affinity.ts';
import { isClaimTaken, volumeProblem } from './pod-volumes.ts';
import { choosePreemption, mayPreempt } from './preemption.ts';
import { spreadCost, spreadObstacle } from './topology-spread.ts';

/** Since 1.35 without the taint's key and value: who may see a pod need not see what the nodes of others are for. */
const taintReason = 'node(s) had untolerated taint(s)';

/** The outcome: a node; pods that have to go first; or the message of the event that says why there is none. */
export type SchedulingDecision =
  | { readonly kind: 'bind'; readonly node: string }
  | { readonly kind: 'preempt'; readonly node: string; readonly victims: readonly Pod[]; readonly message: string }
  | { readonly kind: 'unschedulable'; readonly message: string };

/** Decides for one pod. */
export function schedulePod(pod: Pod, cluster: ClusterView): SchedulingDecision {
  const { nodes } = cluster;
  if (nodes.length === 0) return { kind: 'unschedulable', message: 'no nodes available to schedule pods' };
  const lack = cluster.volumes?.problem;
  if (lack !== undefined) return nowhere(pod, `0/${nodes.length} nodes are available: ${lack}.`, preemptionText(nodes.length, 0));
  const reasons = new Map<string, number>();
  const fitting: NodeView[] = [];
  const withoutRoom: NodeView[] = [];
  for (const view of nodes) {
    const obstacles = obstaclesOn(pod, view, cluster);
    if (obstacles.length === 0) fitting.push(view);
    else if (!obstacles.some(({ isLasting }) => isLasting)) withoutRoom.push(view);
    for (const { reason } of obstacles) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const best = fitting.toSorted((a, b) => comparePlaces(pod, cluster, a, b))[0];
  if (best !== undefined) return { kind: 'bind', node: nameOf(best) };
  const all = nodes.length;
  // The reference sorts the texts, counts in front.
  const texts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  const why = `0/${all} nodes are available: ${texts.join(', ')}.`;
  const fits = (view: NodeView): boolean => passingObstacles(pod, view, { ...cluster, nodes: replaced(nodes, view) }).length === 0;
  const preemption = mayPreempt(pod) ? choosePreemption(pod, withoutRoom, fits) : undefined;
  if (preemption !== undefined) return { kind: 'preempt', ...preemption, message: why };
  return nowhere(pod, why, preemptionText(all, withoutRoom.length));
}

function nowhere(pod: Pod, why: string, preemption: string): SchedulingDecision {
  const outlook = mayPreempt(pod) ? preemption : 'preemption: not eligible due to preemptionPolicy=Never.';
  return { kind: 'unschedulable', message: `${why} ${outlook}` };
}

/** The sentence about making room, which helps where nothing but other pods is in the way. */
function preemptionText(all: number, full: number): string {
  const texts = [
    ...(full > 0 ? [`${full} No preemption victims found for incoming pod`] : []),
    ...(full < all ? [`${all - full} Preemption is not helpful for scheduling`] : []),
  ];
  return `preemption: 0/${all} nodes are available: ${texts.join(', ')}.`;
}

/** What keeps the pod off the node: nothing when it fits. The first filter that says no is named. */
function obstaclesOn(pod: Pod, view: NodeView, cluster: ClusterView): readonly Obstacle[] {
  const reason = nodeProblem(pod, view);
  return reason === undefined ? passingObstacles(pod, view, cluster) : [lasting(reason)];
}

/** Why the pod cannot run on the node whatever else runs there; undefined when it can. */
function nodeProblem(pod: Pod, { node }: NodeView): string | undefined {
  const tolerations = pod.spec?.tolerations ?? [];
  const unschedulable: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  if (node.spec?.unschedulable === true && !tolerates(tolerations, unschedulable)) return 'node(s) were unschedulable';
  if (untoleratedTaint(pod.spec, node, ['NoSchedule', 'NoExecute']) !== undefined) return taintReason;
  if (!matchesNodeSelector(pod.spec, node)) return "node(s) didn't match Pod's node affinity/selector";
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  // A node that has not reported yet carries this taint in the reference until it is ready.
  const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  return ready?.status !== 'True' && !tolerates(tolerations, notReady) ? taintReason : undefined;
}

/** What has to do with the pods that run, there or elsewhere, and with the volumes of this one. */
function passingObstacles(pod: Pod, view: NodeView, cluster: ClusterView): readonly Obstacle[] {
  if (!hasFreePorts(pod, view)) return [passing("node(s) didn't have free ports for the requested pod ports")];
  const room = roomObstacles(pod, view);
  if (room.length > 0) return room;
  const volumes = volumeObstacle(pod, view, cluster);
  if (volumes !== undefined) return [volumes];
  const obstacle = spreadObstacle(pod, view, cluster) ?? affinityObstacle(pod, view, cluster);
  return obstacle === undefined ? [] : [obstacle];
}

/** What keeps the pod off the node because of its claims. */
function volumeObstacle(pod: Pod, { node }: NodeView, { nodes, volumes }: ClusterView): Obstacle | undefined {
  if (volumes === undefined) return undefined;
  const others = volumes.exclusive.size === 0 ? [] : nodes.flatMap(({ pods }) => pods);
  if (isClaimTaken(pod, volumes, others)) {
    return passing('node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode');
  }
  const problem = volumeProblem(volumes, node);
  return problem === undefined ? undefined : lasting(problem);
}

function replaced(nodes: readonly NodeView[], view: NodeView): readonly NodeView[] {
  return nodes.map((each) => (each.node === view.node ? view : each));
}

/** The better place first. */
function comparePlaces(pod: Pod, cluster: ClusterView, a: NodeView, b: NodeView): number {
  const weights: readonly ((view: NodeView) => number)[] = [
    (view) => preferenceOf(pod, view),
    (view) => affinityScore(pod, view, cluster),
    (view) => -spreadCost(pod, view, cluster),
    (view) => -Number(untoleratedTaint(pod.spec, view.node, ['PreferNoSchedule']) !== undefined),
    ({ pods }) => -pods.length,
  ];
  for (const weight of weights) {
    const difference = weight(b) - weight(a);
    if (difference !== 0) return difference;
  }
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

function preferenceOf(pod: Pod, { node }: NodeView): number {
  const terms = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.reduce((sum, { weight, preference }) => sum + (matchesNodeTerm(preference, node) ? weight : 0), 0);
}
