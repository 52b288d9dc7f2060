/**
 * How many pods each ReplicaSet of a Deployment is to have now: values in, values out.
 *
 * A rolling update never has more than `replicas` + maxSurge pods, and takes old ones away only while
 * `replicas` - maxUnavailable stay available (`pkg/controller/deployment/rolling.go`); pods that are not
 * available go first. Recreate waits until no old pod is left.
 */
import { rollingShares } from './share.ts';
import type { Deployment, ReplicaSet } from './workload.ts';

/** A ReplicaSet and the size that it is to have. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** The sets of a deployment: the one of its present template (absent when it is not there yet), and all others from old to young. */
export interface RolloutState {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  /** Pods of old sets that have not ended yet, also those that are being deleted. */
  readonly oldPods: number;
}

/** What to do now. */
export interface RolloutPlan {
  /** Size of the present template's set. */
  readonly current: number;
  readonly old: readonly Resize[];
}

/** Plans the next step. */
export function planRollout(state: RolloutState): RolloutPlan {
  const { deployment, current, old } = state;
  const wanted = deployment.spec?.replicas ?? 1;
  if (deployment.spec?.paused === true) return planPaused(state, wanted);
  if (deployment.spec?.strategy?.type === 'Recreate') {
    const isClear = state.oldPods === 0 && old.every((set) => sizeOf(set) === 0);
    return { current: isClear ? wanted : sizeOf(current), old: old.filter((set) => sizeOf(set) > 0).map((set) => ({ set, replicas: 0 })) };
  }
  const shares = rollingShares(deployment.spec?.strategy?.rollingUpdate, wanted);
  const total = sum(old.map(sizeOf)) + sizeOf(current);
  const next = nextSize(sizeOf(current), { wanted, total, surge: shares.surge });
  return { current: next, old: shrinkOld(state, { wanted, unavailable: shares.unavailable }) };
}

/** The replicas that a set is asked to have. */
export function sizeOf(set: ReplicaSet | undefined): number {
  return set === undefined ? 0 : (set.spec?.replicas ?? 1);
}

function nextSize(size: number, { wanted, total, surge }: { wanted: number; total: number; surge: number }): number {
  if (size >= wanted) return wanted;
  return size + Math.min(Math.max(0, wanted + surge - total), wanted - size);
}

function shrinkOld(state: RolloutState, { wanted, unavailable }: { wanted: number; unavailable: number }): Resize[] {
  const { current, old } = state;
  const available = (set: ReplicaSet | undefined): number => Math.min(sizeOf(set), set?.status?.availableReplicas ?? 0);
  const leastAvailable = wanted - unavailable;
  const sizes = new Map(old.map((set) => [set, sizeOf(set)]));
  const take = (set: ReplicaSet, most: number): number => {
    const taken = Math.max(0, Math.min(sizes.get(set) ?? 0, most));
    sizes.set(set, (sizes.get(set) ?? 0) - taken);
    return taken;
  };
  const newUnavailable = sizeOf(current) - available(current);
  let budget = sum(old.map(sizeOf)) + sizeOf(current) - leastAvailable - newUnavailable;
  for (const set of old) budget -= take(set, Math.min(budget, sizeOf(set) - available(set)));
  let spare = Math.min(budget, sum(old.map(available)) + available(current) - leastAvailable);
  for (const set of old) spare -= take(set, spare);
  return old.flatMap((set) => (sizes.get(set) === sizeOf(set) ? [] : [{ set, replicas: sizes.get(set) ?? 0 }]));
}

/** A paused deployment rolls nothing out, but still follows its size: the youngest set that has pods takes the difference. */
function planPaused({ current, old }: RolloutState, wanted: number): RolloutPlan {
  const isOldInUse = old.some((set) => sizeOf(set) > 0);
  const total = sum(old.map(sizeOf)) + sizeOf(current);
  if (sizeOf(current) > 0 || !isOldInUse) {
    return { current: current === undefined ? 0 : Math.max(0, sizeOf(current) + wanted - total), old: [] };
  }
  const set = old.findLast((each) => sizeOf(each) > 0);
  const replicas = Math.max(0, sizeOf(set) + wanted - total);
  return { current: sizeOf(current), old: set === undefined || replicas === sizeOf(set) ? [] : [{ set, replicas }] };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
