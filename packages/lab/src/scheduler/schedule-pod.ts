/**
 * Which node a pod goes to: values in, values out.
 *
 * Filters in the words of the reference scheduler (they end up in `FailedScheduling` events), then
 * the node with the fewest pods, the first by name among equals.
 */
import type { Node, Pod } from '@weir/kube';
import { matchesNodeSelector, type Taint, tolerates, untoleratedTaint } from './node-fit.ts';

/** A node and how many unfinished pods it has. */
export interface SchedulableNode {
  readonly node: Node;
  readonly pods: number;
}

/** The outcome: a node, or the message of the event that says why there is none. */
export type SchedulingDecision =
  | { readonly kind: 'bind'; readonly node: string }
  | { readonly kind: 'unschedulable'; readonly message: string };

/** Decides for one pod. */
export function schedulePod(pod: Pod, nodes: readonly SchedulableNode[]): SchedulingDecision {
  if (nodes.length === 0) return { kind: 'unschedulable', message: 'no nodes available to schedule pods' };
  const reasons = new Map<string, number>();
  let best: SchedulableNode | undefined;
  for (const candidate of nodes) {
    const reason = whyNot(pod, candidate.node) ?? (isFull(candidate) ? tooManyPods : undefined);
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    else if (best === undefined || comesBefore(candidate, best)) best = candidate;
  }
  if (best !== undefined) return { kind: 'bind', node: best.node.metadata.name ?? '' };
  const all = nodes.length;
  // The reference sorts the texts, counts in front.
  const texts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return {
    kind: 'unschedulable',
    message: `0/${all} nodes are available: ${texts.join(', ')}. ${preemption(all, reasons.get(tooManyPods) ?? 0)}`,
  };
}

/** The sentence about making room, which helps where nothing but room is missing; all pods here have one priority. */
function preemption(all: number, full: number): string {
  const texts = [
    ...(full > 0 ? [`${full} No preemption victims found for incoming pod`] : []),
    ...(full < all ? [`${all - full} Preemption is not helpful for scheduling`] : []),
  ];
  return `preemption: 0/${all} nodes are available: ${texts.join(', ')}.`;
}

const tooManyPods = 'Too many pods';

/** Whether the node has as many pods as it says it takes; without a word of it, it takes any number. */
function isFull({ node, pods }: SchedulableNode): boolean {
  const allocatable = node.status?.allocatable?.['pods'];
  return allocatable !== undefined && pods >= Number(allocatable);
}

function comesBefore(a: SchedulableNode, b: SchedulableNode): boolean {
  return a.pods !== b.pods ? a.pods < b.pods : (a.node.metadata.name ?? '') < (b.node.metadata.name ?? '');
}

/** Why the pod cannot run on the node; undefined when it can. The first filter that says no is named. */
function whyNot(pod: Pod, node: Node): string | undefined {
  const tolerations = pod.spec?.tolerations ?? [];
  const unschedulable: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  if (node.spec?.unschedulable === true && !tolerates(tolerations, unschedulable)) return 'node(s) were unschedulable';
  const taint = untoleratedTaint(pod.spec, node, ['NoSchedule', 'NoExecute']);
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  if (!matchesNodeSelector(pod.spec, node)) return "node(s) didn't match Pod's node affinity/selector";
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  // A node that has not reported yet carries this taint in the reference until it is ready.
  const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  if (ready?.status !== 'True' && !tolerates(tolerations, notReady))
    return 'node(s) had untolerated taint {node.kubernetes.io/not-ready: }';
  return undefined;
}
