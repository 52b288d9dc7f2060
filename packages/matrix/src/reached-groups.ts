/** What one end reaches, the other way round: for sets of ends the traffic that reaches them, each end once. */
import type { TrafficClass } from '@weir/connectivity';
import { BitSet } from '@weir/net';

/** Ends that the same traffic reaches. */
export interface ReachedGroup {
  readonly members: BitSet;
  /** In the order in which it was asked about; never empty. */
  readonly traffic: readonly TrafficClass[];
}

/** Groups the ends by the traffic of which `rowOf` holds them; ends that nothing reaches are in no group. */
export function reachedGroups(size: number, traffic: readonly TrafficClass[], rowOf: (one: TrafficClass) => BitSet): ReachedGroup[] {
  const rows = new Map<string, { readonly row: BitSet; readonly traffic: TrafficClass[] }>();
  const known = new Map<BitSet, TrafficClass[]>();
  for (const one of traffic) {
    const row = rowOf(one);
    const seen = known.get(row);
    if (seen !== undefined) {
      seen.push(one);
      continue;
    }
    const key = row.key();
    const same = rows.get(key) ?? { row, traffic: [] };
    rows.set(key, same);
    same.traffic.push(one);
    known.set(row, same.traffic);
  }
  let groups: { members: BitSet; traffic: TrafficClass[] }[] = [{ members: BitSet.full(size), traffic: [] }];
  for (const { row, traffic: alike } of rows.values()) {
    if (row.isEmpty) continue;
    groups = groups.flatMap(({ members, traffic: reaching }) => {
      const inside = members.and(row);
      if (inside.isEmpty) return [{ members, traffic: reaching }];
      const outside = members.without(row);
      const reached = { members: inside, traffic: [...reaching, ...alike] };
      return outside.isEmpty ? [reached] : [reached, { members: outside, traffic: reaching }];
    });
  }
  const places = new Map(traffic.map((one, at) => [one, at]));
  const place = (one: TrafficClass): number => places.get(one) ?? 0;
  return groups
    .filter(({ traffic: reaching }) => reaching.length > 0)
    .map(({ members, traffic: reaching }) => ({ members, traffic: reaching.sort((a, b) => place(a) - place(b)) }));
}
