/**
 * Pods of two snapshots, each with the one that it is on the other side: the pod of the same name, else a pod of
 * the same workload, because a workload's pods come and go under names of their own.
 */
import { type Endpoint, podName } from '@weir/model';
import { defined } from '@weir/net';
import { copiesOf, type Snapshot } from '@weir/snapshot';
import type { BothSides } from './both-sides.ts';

/** A pod, or what it was and what it becomes. */
export interface PairedPod extends BothSides<Endpoint> {
  /** What people know it by: its workload as `namespace/name`, else the pod itself. */
  readonly party: string;
  /** Whether there is more than one like it on both sides where it is, so that there are connections within the party. */
  readonly isSeveral: boolean;
}

/** Pairs the pods of both sides; those that are on one side only stand alone. */
export function pairPods(before: Snapshot, after: Snapshot): readonly PairedPod[] {
  // Snapshots of which one was made from the other share their pods.
  return before.world.endpoints === after.world.endpoints && before.workloads === after.workloads
    ? samePods(before)
    : pairByParty(before, after);
}

/** What was paired of pods, and by which workloads. */
interface KnownPods {
  readonly workloads: Snapshot['workloads'];
  readonly pods: readonly PairedPod[];
}

/** The pods of snapshots, by their endpoints: after each edit they are asked for once more. */
const known: WeakMap<readonly Endpoint[], KnownPods> = new WeakMap();

function samePods(snapshot: Snapshot): readonly PairedPod[] {
  const { workloads, world } = snapshot;
  const found = known.get(world.endpoints);
  if (found?.workloads === workloads) return found.pods;
  const pods = ownPairs(snapshot);
  known.set(world.endpoints, { workloads, pods });
  return pods;
}

/** Every pod with itself. */
function ownPairs(snapshot: Snapshot): readonly PairedPod[] {
  const { endpoints } = snapshot.world;
  const parties = endpoints.map((endpoint) => partyOf(snapshot, endpoint));
  const counts = new Map<string, number>();
  for (const [at, endpoint] of endpoints.entries()) {
    const party = defined(parties[at], 'every pod has a party');
    counts.set(party, (counts.get(party) ?? 0) + copiesOf(snapshot, endpoint));
  }
  return endpoints.map((endpoint, at) => {
    const party = defined(parties[at], 'every pod has a party');
    return { party, isSeveral: counts.get(party) !== 1, before: endpoint, after: endpoint };
  });
}

function pairByParty(before: Snapshot, after: Snapshot): PairedPod[] {
  const parties = new Map<string, { readonly before: Endpoint[]; readonly after: Endpoint[] }>();
  for (const [side, snapshot] of [
    ['before', before],
    ['after', after],
  ] as const) {
    for (const endpoint of snapshot.world.endpoints) {
      const name = partyOf(snapshot, endpoint);
      const found = parties.get(name) ?? { before: [], after: [] };
      found[side].push(endpoint);
      parties.set(name, found);
    }
  }
  return [...parties].flatMap(([party, { before: was, after: is }]) => {
    const isSeveral = countOf(before, was) !== 1 && countOf(after, is) !== 1;
    return pairWithin(was, is).map((sides) => ({ party, isSeveral, ...sides }));
  });
}

/** What people know a pod by. */
function partyOf({ workloads }: Snapshot, endpoint: Endpoint): string {
  const workload = workloads.get(podName(endpoint));
  return workload === undefined ? podName(endpoint) : `${workload.namespace}/${workload.name}`;
}

function countOf(snapshot: Snapshot, pods: readonly Endpoint[]): number {
  return pods.reduce((sum, pod) => sum + copiesOf(snapshot, pod), 0);
}

/** Pods of one party: by their names, and those that are left over with any that stands for the party on the other side. */
function pairWithin(before: readonly Endpoint[], after: readonly Endpoint[]): BothSides<Endpoint>[] {
  const left = new Map(after.map((endpoint) => [podName(endpoint), endpoint]));
  const same = before.map((was) => {
    const is = left.get(podName(was));
    left.delete(podName(was));
    return { was, is };
  });
  const rest = [...left.values()];
  const [anyBefore] = before;
  const pairs = same.map(({ was, is: found }): BothSides<Endpoint> => {
    const is = found ?? rest.shift() ?? after[0];
    return is === undefined ? { before: was } : { before: was, after: is };
  });
  return [...pairs, ...rest.map((is): BothSides<Endpoint> => (anyBefore === undefined ? { after: is } : { before: anyBefore, after: is }))];
}
