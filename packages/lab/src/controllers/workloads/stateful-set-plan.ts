/**
 * What is to happen to the pods of a StatefulSet now: values in, values out
 * (`pkg/controller/statefulset/stateful_set_control.go`).
 *
 * Pods have numbers. With OrderedReady each is made when all before it are available, and removed from
 * the last one on, one at a time; with Parallel all at once. A rolling update replaces pods from the
 * last one down to `partition`, and waits for each to be available.
 */
import type { Pod } from '@weir/kube';
import { shareOf } from './share.ts';
import { isPodAvailable, isPodEnded, type StatefulSet } from './workload.ts';

/** The pods of a set and the names of its two revisions. */
export interface StatefulSetState {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  /** Numbers of pods that were made and have not been seen yet. */
  readonly expected: ReadonlySet<number>;
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly nowMs: number;
}

/** Pods to make, and pods to delete. */
export interface StatefulSetPlan {
  readonly create: readonly { readonly ordinal: number; readonly revision: string }[];
  readonly delete: readonly Pod[];
}

/** The number at the end of a pod's name; undefined when it is none of the set's. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const { name = '' } = pod.metadata;
  const prefix = `${set.metadata.name ?? ''}-`;
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

/** Whether the pod is up: available, and not on its way out. */
function isHealthy(set: StatefulSet, pod: Pod, nowMs: number): boolean {
  const isRunning = pod.status?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined;
  return isRunning && isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
}

/** Plans the next step. */
export function planStatefulSet(state: StatefulSetState): StatefulSetPlan {
  const { set, pods } = state;
  const start = set.spec?.ordinals?.start ?? 0;
  const wanted = set.spec?.replicas ?? 1;
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const ordinals = Array.from({ length: wanted }, (_, i) => start + i);
  const isInOrder = set.spec?.podManagementPolicy !== 'Parallel';
  const growth = planGrowth(state, { ordinals, byOrdinal, isInOrder });
  if (growth.isBlocked) return growth;
  const condemned = pods.filter((pod) => {
    const ordinal = ordinalOf(set, pod);
    return ordinal === undefined || ordinal < start || ordinal >= start + wanted;
  });
  const shrink = planShrink(state, condemned, isInOrder);
  if (isInOrder && condemned.length > 0) return { create: growth.create, delete: [...growth.delete, ...shrink] };
  return { create: growth.create, delete: [...growth.delete, ...shrink, ...planUpdate(state, ordinals, byOrdinal)] };
}

interface Layout {
  readonly ordinals: readonly number[];
  readonly byOrdinal: ReadonlyMap<number | undefined, Pod>;
  readonly isInOrder: boolean;
}

/** Missing pods and pods that have ended; with an order only the first that is not up, and then nothing else happens. */
function planGrowth(
  state: StatefulSetState,
  { ordinals, byOrdinal, isInOrder }: Layout,
): StatefulSetPlan & { readonly isBlocked: boolean } {
  const create: { ordinal: number; revision: string }[] = [];
  const remove: Pod[] = [];
  let isBlocked = false;
  for (const ordinal of ordinals) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) {
      if (!state.expected.has(ordinal)) create.push({ ordinal, revision: revisionFor(state, ordinal) });
      isBlocked = isInOrder;
    } else if (isPodEnded(pod) && pod.metadata.deletionTimestamp === undefined) {
      remove.push(pod);
      isBlocked = isInOrder;
    } else if (isInOrder && !isHealthy(state.set, pod, state.nowMs)) {
      isBlocked = true;
    }
    if (isBlocked) break;
  }
  return { create, delete: remove, isBlocked };
}

/** Pods below the partition are made anew as they were; all others get the new template. */
function revisionFor(state: StatefulSetState, ordinal: number): string {
  const keepsOld = state.set.spec?.updateStrategy?.type !== 'OnDelete' && ordinal < firstUpdated(state.set);
  return keepsOld ? state.currentRevision : state.updateRevision;
}

function planShrink({ set, pods, nowMs }: StatefulSetState, condemned: readonly Pod[], isInOrder: boolean): Pod[] {
  const lastFirst = condemned.toSorted((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0));
  if (!isInOrder) return lastFirst.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const [last] = lastFirst;
  if (last === undefined || last.metadata.deletionTimestamp !== undefined) return [];
  // The others have to be up before another one goes, except when it is the one that is not.
  const firstDown = pods.find((pod) => !isHealthy(set, pod, nowMs));
  return firstDown === undefined || firstDown === last ? [last] : [];
}

function planUpdate(state: StatefulSetState, ordinals: readonly number[], byOrdinal: Layout['byOrdinal']): Pod[] {
  const { set } = state;
  if (set.spec?.updateStrategy?.type === 'OnDelete') return [];
  const rolling = set.spec?.updateStrategy?.rollingUpdate;
  let budget = Math.max(1, shareOf(rolling?.maxUnavailable ?? 1, set.spec?.replicas ?? 1, 'up'));
  const present = ordinals.flatMap((ordinal) => byOrdinal.get(ordinal) ?? []);
  budget -= present.filter((pod) => !isHealthy(set, pod, state.nowMs)).length;
  const remove: Pod[] = [];
  for (const ordinal of ordinals.toReversed()) {
    if (ordinal < firstUpdated(set)) break;
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) break;
    if (revisionOf(pod) === state.updateRevision) continue;
    // One that is down already costs nothing more.
    const isUp = isHealthy(set, pod, state.nowMs);
    if (isUp && budget <= 0) break;
    if (isUp) budget -= 1;
    remove.push(pod);
  }
  return remove;
}

/** The revision that made the pod. */
export function revisionOf(pod: Pod): string {
  return pod.metadata.labels?.['controller-revision-hash'] ?? '';
}

/** The number from which on an update reaches pods. */
function firstUpdated(set: StatefulSet): number {
  return (set.spec?.ordinals?.start ?? 0) + (set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
}
