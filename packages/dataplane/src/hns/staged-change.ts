/**
 * The order in which HNS is brought from one state to another.
 *
 * HNS changes one set or one endpoint at a time, and a packet may come in between. So that none gets
 * through that neither state allows:
 *
 *   1  new sets are made, lists of sets after the sets in them
 *   2  addresses that lose or change groups leave their sets
 *   3  sets hold what they had and what they will have: a class that only got another name stays in
 *   4  endpoints get their ACLs; those that lose something before those that gain
 *   5  sets hold what they will have, and no more
 *   6  sets that nothing refers to any more go, lists first
 *
 * An address that alone changes groups while no ACL changes skips step 2: for a moment it is in both,
 * so that it loses nothing that both states allow.
 */
import type { AclPolicy, SetPolicy } from '@weir/kernel';
import { type AclChange, losesSomething, narrowedAcls, ordersAgainstEachOther } from './acl-change.ts';
import { isClassSet, valuesOf, withValues } from './set-documents.ts';

/** A set before and after; absent: not there. */
export interface SetChange {
  readonly before?: SetPolicy;
  readonly after?: SetPolicy;
}

/** Everything that has to change. */
export interface HnsChange {
  readonly sets: readonly SetChange[];
  readonly endpoints: readonly AclChange[];
  /** Addresses that groups which are there before and after hold differently. */
  readonly movers: ReadonlySet<string>;
}

/** One request to HNS. */
export type HnsStep =
  | { readonly kind: 'sets'; readonly request: 'Add' | 'Update' | 'Remove'; readonly sets: readonly SetPolicy[] }
  | { readonly kind: 'acls'; readonly endpoint: string; readonly acls: readonly AclPolicy[] };

/** The requests, in order; none when there is nothing to do. */
export function planSteps(change: HnsChange): HnsStep[] {
  const { sets, endpoints, movers } = change;
  const held = endpoints.length === 0 && areFew(movers) ? new Set<string>() : movers;
  const holdsSome = (set: SetPolicy): boolean => isClassSet(set) && valuesOf(set).some((value) => held.has(value));
  const without = (set: SetPolicy, values: readonly string[] = valuesOf(set)): readonly string[] =>
    isClassSet(set) ? values.filter((value) => !held.has(value)) : values;
  const added = sets.flatMap(({ before, after }) => (before === undefined && after !== undefined ? [after] : []));
  const removed = sets.flatMap(({ before, after }) => (after === undefined && before !== undefined ? [before] : []));
  const kept = sets.flatMap(({ before, after }) => (before === undefined || after === undefined ? [] : [new SetPasses(before, after)]));
  const withoutHeld = (list: readonly SetPolicy[]): SetPolicy[] => list.map((set) => withValues(set, without(set)));
  const both = ({ before, after }: SetPasses): readonly string[] => [...new Set([...valuesOf(before), ...valuesOf(after)])];
  return [
    ...setSteps('Add', withoutHeld(added)),
    ...setSteps('Update', [...passOf(kept, ({ before }) => without(before)), ...withoutHeld(removed.filter(holdsSome))]),
    ...setSteps(
      'Update',
      passOf(kept, (set) => without(set.after, both(set))),
    ),
    ...aclSteps(endpoints),
    ...setSteps('Update', [...passOf(kept, ({ after }) => valuesOf(after)), ...added.filter(holdsSome)]),
    ...setSteps('Remove', removed),
  ];
}

/** A set on its way from one content to another. */
class SetPasses {
  readonly before: SetPolicy;
  readonly after: SetPolicy;
  current: SetPolicy;

  constructor(before: SetPolicy, after: SetPolicy) {
    this.before = before;
    this.after = after;
    this.current = before;
  }
}

/** The sets whose content is not yet what the pass wants. */
function passOf(sets: readonly SetPasses[], valuesIn: (set: SetPasses) => readonly string[]): SetPolicy[] {
  return sets.flatMap((set) => {
    const wanted = withValues(set.after, valuesIn(set));
    if (wanted.Values === set.current.Values) return [];
    set.current = wanted;
    return [wanted];
  });
}

/** At most one of each family: two of one family could be the two ends of one flow. */
function areFew(addresses: ReadonlySet<string>): boolean {
  const sixes = [...addresses].filter((address) => address.includes(':')).length;
  return sixes <= 1 && addresses.size - sixes <= 1;
}

/** HNS takes a list of sets after its members, and lets go of a member after the lists. */
function setSteps(request: 'Add' | 'Update' | 'Remove', sets: readonly SetPolicy[]): HnsStep[] {
  const ofType = (type: SetPolicy['PolicyType']): readonly SetPolicy[] => sets.filter(({ PolicyType }) => PolicyType === type);
  const parts = [ofType('IPSET'), ofType('NESTEDIPSET')].filter((part) => part.length > 0);
  return (request === 'Remove' ? parts.reverse() : parts).map((part) => ({ kind: 'sets', request, sets: part }));
}

function aclSteps(endpoints: readonly AclChange[]): HnsStep[] {
  const step = (endpoint: string, acls: readonly AclPolicy[]): HnsStep => ({ kind: 'acls', endpoint, acls });
  const losing = endpoints.filter(losesSomething);
  const narrowed = ordersAgainstEachOther(endpoints) ? losing.map((change) => step(change.endpoint, narrowedAcls(change))) : [];
  const rest = endpoints.filter((change) => !losing.includes(change));
  return [...narrowed, ...[...losing, ...rest].map(({ endpoint, after }) => step(endpoint, after))];
}
