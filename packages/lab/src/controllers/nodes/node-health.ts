/**
 * What a node's conditions and taints are to be, from what it says and how long it has said nothing: values in,
 * values out (`pkg/controller/nodelifecycle`).
 */
import type { Condition, Node } from '@weir/kube';

/** A taint with the time from which on it counts. */
export interface TimedTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

/** A node that has not been heard of for this time is lost (`--node-monitor-grace-period`). */
export const graceMs = 50_000;

const notReadyKey = 'node.kubernetes.io/not-ready';
const unreachableKey = 'node.kubernetes.io/unreachable';

/** Conditions of a node that mean a taint, and the status that does. */
const pressureTaints: readonly { readonly type: string; readonly key: string }[] = [
  { type: 'MemoryPressure', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'PIDPressure', key: 'node.kubernetes.io/pid-pressure' },
  { type: 'NetworkUnavailable', key: 'node.kubernetes.io/network-unavailable' },
];

/** The conditions of a node that is lost; undefined when it has been heard of, or is known to be lost. */
export function lostConditions(node: Node, heardMs: number, nowMs: number): readonly Condition[] | undefined {
  if (nowMs - heardMs < graceMs) return undefined;
  const present = node.status?.conditions ?? [];
  const ready = present.find(({ type }) => type === 'Ready');
  if (ready?.status === 'Unknown' && ready.reason === 'NodeStatusUnknown') return undefined;
  const now = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const lost = {
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
    lastTransitionTime: now,
  } as const;
  const types = present.length === 0 ? ['Ready'] : present.map(({ type }) => type);
  return types.map((type) => ({ ...present.find((each) => each.type === type), type, ...lost }));
}

/** The taints that the node is to have; those of others stay. Undefined when it has them. */
export function wantedTaints(node: Node, nowMs: number): readonly TimedTaint[] | undefined {
  const present: readonly TimedTaint[] = node.spec?.taints ?? [];
  const wanted = taintsOf(node);
  const isOurs = ({ key }: TimedTaint): boolean =>
    key === notReadyKey ||
    key === unreachableKey ||
    key === 'node.kubernetes.io/unschedulable' ||
    pressureTaints.some((each) => each.key === key);
  const same = (a: TimedTaint, b: TimedTaint): boolean => a.key === b.key && a.effect === b.effect;
  const ours = present.filter(isOurs);
  if (ours.length === wanted.length && wanted.every((taint) => ours.some((each) => same(each, taint)))) return undefined;
  const timeAdded = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return [
    ...present.filter((taint) => !isOurs(taint)),
    ...wanted.map((taint) => ours.find((each) => same(each, taint)) ?? { ...taint, timeAdded }),
  ];
}

function taintsOf(node: Node): readonly TimedTaint[] {
  const taints: TimedTaint[] = [];
  const conditions = node.status?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === 'Ready')?.status;
  const key = ready === 'Unknown' || ready === undefined ? unreachableKey : notReadyKey;
  if (ready !== 'True') {
    taints.push({ key: ready === undefined ? notReadyKey : key, effect: 'NoSchedule' });
    // A node that has never reported has no pods to drive away.
    if (ready !== undefined) taints.push({ key, effect: 'NoExecute' });
  }
  for (const { type, key: pressure } of pressureTaints) {
    if (conditions.find((each) => each.type === type)?.status === 'True') taints.push({ key: pressure, effect: 'NoSchedule' });
  }
  if (node.spec?.unschedulable === true) taints.push({ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' });
  return taints;
}
