/**
 * What is to happen to the pods of a DaemonSet now: values in, values out (`pkg/controller/daemon`).
 *
 * One pod on each node that the template fits, whatever room there is; the scheduler binds them, to the
 * node that their affinity names.
 */
import type { Node, Pod, PodSpec } from '@weir/kube';
import { groupBy } from '@weir/net';
import { matchesNodeSelector, type Toleration, untoleratedTaint } from '../../scheduler/node-fit.ts';
import { revisionHashLabel } from './revision-history.ts';
import { shareOf } from './share.ts';
import { type DaemonSet, isPodActive, isPodAvailable, isPodEnded } from './workload.ts';

/** The pods of a set by the node that they are for. */
export interface DaemonSetState {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** Pods of the set that were made and have not been seen yet. */
  readonly expected: number;
  /** The hash of the present template. */
  readonly hash: string;
  readonly nowMs: number;
}

/** Nodes that get a pod, and pods to delete. */
export interface DaemonSetPlan {
  readonly create: readonly string[];
  readonly delete: readonly Pod[];
}

/** What a daemon stays for, although others are driven away or kept off. */
const daemonTolerations: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];

/** The spec of a set's pods: the template's, with what every daemon tolerates. */
function daemonSpec(set: DaemonSet): PodSpec {
  const spec = set.spec?.template?.spec ?? { containers: [] };
  const onHost: readonly Toleration[] =
    spec.hostNetwork === true ? [{ key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' }] : [];
  return { ...spec, tolerations: [...(spec.tolerations ?? []), ...daemonTolerations, ...onHost] };
}

/** The spec of the pod for one node. */
export function daemonSpecOn(set: DaemonSet, node: string): PodSpec {
  const spec = daemonSpec(set);
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
  };
  return { ...spec, affinity: { ...spec.affinity, nodeAffinity } };
}

/** The node that a pod of a set is for: where it runs, or where it is to be bound. */
export function nodeOf(pod: Pod): string {
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return pod.spec?.nodeName || (terms?.[0]?.matchFields?.[0]?.values?.[0] ?? '');
}

/** Whether a pod of the set is to be started on the node, and whether one that runs there may stay. */
export function fitOf(set: DaemonSet, node: Node): { readonly starts: boolean; readonly stays: boolean } {
  const spec = daemonSpec(set);
  if (!matchesNodeSelector(spec, node)) return { starts: false, stays: false };
  const stays = untoleratedTaint(spec, node, ['NoExecute']) === undefined;
  return { starts: stays && untoleratedTaint(spec, node, ['NoSchedule', 'NoExecute']) === undefined, stays };
}

/** Plans the next step. */
export function planDaemonSet(state: DaemonSetState): DaemonSetPlan {
  const { set, nodes, pods, hash } = state;
  const create: string[] = [];
  const remove: Pod[] = [];
  const byNode = groupBy(pods, (pod) => nodeOf(pod));
  const known = new Set(nodes.map(({ metadata }) => metadata.name ?? ''));
  for (const node of nodes) {
    const name = node.metadata.name ?? '';
    const here = byNode.get(name) ?? [];
    const fit = fitOf(set, node);
    const ended = here.filter((pod) => isPodEnded(pod) && pod.metadata.deletionTimestamp === undefined);
    const active = here.filter(isPodActive);
    remove.push(...ended);
    if (!fit.stays) remove.push(...active);
    else if (here.length === 0 && fit.starts) create.push(name);
    else remove.push(...surplus(active, hash, surgeOf(set, nodes.length) > 0, state));
  }
  // Pods of nodes that are gone are removed by the garbage collector of pods, those that never got there here.
  for (const [name, here] of byNode) if (!known.has(name)) remove.push(...here.filter((pod) => isPodActive(pod) && !pod.spec?.nodeName));
  return rollOut(state, { create: create.slice(0, Math.max(0, create.length - state.expected)), delete: remove }, byNode);
}

/** More than one pod on a node: the oldest stays, during a surge also one of the new template until it is available. */
function surplus(active: readonly Pod[], hash: string, isSurging: boolean, { set, nowMs }: DaemonSetState): readonly Pod[] {
  const byAge = active.toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1));
  if (!isSurging) return byAge.slice(1);
  const fresh = byAge.filter((pod) => pod.metadata.labels?.[revisionHashLabel] === hash);
  const stale = byAge.filter((pod) => pod.metadata.labels?.[revisionHashLabel] !== hash);
  const isReplaced = fresh.some((pod) => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs));
  return [...fresh.slice(1), ...(isReplaced ? stale : stale.slice(1))];
}

/** Replaces pods of earlier templates, as many at a time as the strategy lets be missing or too many. */
function rollOut(state: DaemonSetState, plan: DaemonSetPlan, byNode: ReadonlyMap<string, readonly Pod[]>): DaemonSetPlan {
  const { set, nodes, hash, nowMs } = state;
  if (set.spec?.updateStrategy?.type === 'OnDelete' || plan.create.length > 0 || state.expected > 0) return plan;
  const wanted = nodes.filter((node) => fitOf(set, node).starts);
  const going = new Set(plan.delete);
  const isUp = (pod: Pod): boolean => isPodActive(pod) && !going.has(pod) && isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
  const onNode = (node: Node): readonly Pod[] => byNode.get(node.metadata.name ?? '') ?? [];
  const stale = wanted.filter((node) => onNode(node).every((pod) => pod.metadata.labels?.[revisionHashLabel] !== hash));
  let surge = surgeOf(set, wanted.length);
  if (surge > 0) {
    surge -= wanted.filter((node) => onNode(node).filter(isPodActive).length > 1).length;
    return { create: stale.slice(0, Math.max(0, surge)).map(({ metadata }) => metadata.name ?? ''), delete: plan.delete };
  }
  const unavailable = wanted.filter((node) => !onNode(node).some(isUp)).length;
  let budget = Math.max(1, shareOf(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, wanted.length, 'up')) - unavailable;
  const remove = [...plan.delete];
  for (const pod of stale.flatMap(onNode).filter((each) => isPodActive(each) && !going.has(each))) {
    // One that is down already costs nothing more.
    if (isUp(pod) && budget-- <= 0) continue;
    remove.push(pod);
  }
  return { create: plan.create, delete: remove };
}

function surgeOf(set: DaemonSet, total: number): number {
  return shareOf(set.spec?.updateStrategy?.rollingUpdate?.maxSurge, total, 'up');
}
