/**
 * Pods that make room for one of higher priority (`plugins/defaultpreemption`): on one node, as few and as
 * unimportant as possible.
 */
import type { Pod } from '@weir/kube';
import { type NodeView, nameOf } from './cluster-view.ts';

/** A node, and the pods that have to go from it. */
export interface Preemption {
  readonly node: string;
  readonly victims: readonly Pod[];
}

/** Whether the pod may drive others away at all. */
export function mayPreempt({ spec }: Pod): boolean {
  return spec?.preemptionPolicy !== 'Never';
}

/** The best node to make room on; `fits` says whether the pod would run on a node with the pods that are left. Undefined when none helps. */
export function choosePreemption(pod: Pod, nodes: readonly NodeView[], fits: (view: NodeView) => boolean): Preemption | undefined {
  const choices = nodes.flatMap((view) => victimsOn(pod, view, fits) ?? []);
  return choices.toSorted(compareChoices)[0];
}

function victimsOn(pod: Pod, view: NodeView, fits: (view: NodeView) => boolean): Preemption | undefined {
  const limit = priorityOf(pod);
  const lower = view.pods.filter((other) => priorityOf(other) < limit);
  if (lower.length === 0) return undefined;
  let kept: readonly Pod[] = view.pods.filter((other) => priorityOf(other) >= limit);
  if (!fits({ ...view, pods: kept })) return undefined;
  // The most important ones are spared first, as long as the pod still fits.
  const victims: Pod[] = [];
  for (const other of lower.toSorted((a, b) => priorityOf(b) - priorityOf(a))) {
    if (fits({ ...view, pods: [...kept, other] })) kept = [...kept, other];
    else victims.push(other);
  }
  return { node: nameOf(view), victims };
}

/** Least important victims first: the highest priority among them, the sum, the number. */
function compareChoices(a: Preemption, b: Preemption): number {
  const weights: readonly ((choice: Preemption) => number)[] = [
    ({ victims }) => Math.max(...victims.map(priorityOf)),
    ({ victims }) => victims.reduce((sum, each) => sum + priorityOf(each) + 2 ** 31, 0),
    ({ victims }) => victims.length,
  ];
  for (const weight of weights) {
    const difference = weight(a) - weight(b);
    if (difference !== 0) return difference;
  }
  return a.node < b.node ? -1 : 1;
}

function priorityOf(pod: Pod): number {
  return pod.spec?.priority ?? 0;
}
