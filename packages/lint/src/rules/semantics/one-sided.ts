/**
 * Allowances of which nothing comes: every connection that only this rule allows is denied at its other end.
 *
 * What the rule allows beside others does not count, nor does what is not known to be denied.
 */
import type { TrafficClass } from '@weir/connectivity';
import type { Direction, Policy, Rule } from '@weir/model';
import type { BitSet } from '@weir/net';
import type { DecisionWalk, Without } from './decision-walk.ts';
import type { PolicyParts, RulePart } from './policy-part.ts';
import type { WalkIndex } from './spare-parts.ts';

/** An allowance without effect, and who denies at the other end. */
export interface OneSided {
  readonly part: RulePart;
  /** Policies that isolate the other ends, and denying rules that match there. */
  readonly isolating: readonly Policy[];
  readonly denying: readonly Rule[];
}

/** Finds them among the parts that decide something: whole rules, and peers of the others. */
export function findOneSided(parts: readonly PolicyParts[], walks: WalkIndex, without: Without): readonly OneSided[] {
  const check = (part: RulePart): OneSided[] => {
    const found = oneSided(part, walks, without);
    return found === undefined ? [] : [found];
  };
  return parts.flatMap(({ policy, rules }) => {
    if (policy.policies.some((one) => without.policies.has(one))) return [];
    return rules.flatMap(({ whole, peers }) => {
      const ofRule = check(whole);
      return ofRule.length > 0 ? ofRule : peers.flatMap(check);
    });
  });
}

function oneSided(part: RulePart, walks: WalkIndex, without: Without): OneSided | undefined {
  if (part.action !== 'allow' || [...part.rules].every((rule) => without.rules.has(rule))) return undefined;
  const denied: { readonly walk: DecisionWalk; readonly peers: BitSet }[] = [];
  for (const walk of walks.asking(part)) {
    if (walk.isUnordered) return undefined;
    const peers = walk.allowedOnlyBy(part.rules, without);
    if (peers.isEmpty) continue;
    if (!isDeniedBack(walk, peers)) return undefined;
    denied.push({ walk, peers });
  }
  if (denied.length === 0) return undefined;
  const denials = denied.map(({ walk, peers }) => denialsOf(walk, peers));
  const [isolating, denying] = [denials.flatMap((one) => one.isolating), denials.flatMap((one) => one.denying)];
  return { part, isolating: [...new Set(isolating)], denying: [...new Set(denying)] };
}

/** Whether every flow with the peers is denied at their end for certain. */
function isDeniedBack(walk: DecisionWalk, peers: BitSet): boolean {
  const { traffic } = walk.walk;
  if (!peers.without(walk.ends.pods).isEmpty) return false;
  for (const { peer, owners } of alikePeers(walk, peers)) {
    if (traffic.some((one) => walk.reach.bounds(peer, backOf(walk), one).possible.meets(owners))) return false;
  }
  return true;
}

function backOf({ walk }: DecisionWalk): Direction {
  return walk.direction === 'ingress' ? 'egress' : 'ingress';
}

/** One of the peers for all that answer alike, with the pods that it answers; a pod that is asked about itself is apart. */
function* alikePeers(
  { walk: { members }, reach, single }: DecisionWalk,
  peers: BitSet,
): Iterable<{ readonly peer: number; readonly owners: BitSet }> {
  const seen = new Set<number>();
  for (const peer of peers.members()) {
    if (single.has(peer) && members.has(peer)) {
      const owners = members.copy();
      owners.delete(peer);
      yield { peer, owners };
      continue;
    }
    const kind = reach.kindOf(peer);
    if (!seen.has(kind)) yield { peer, owners: members };
    seen.add(kind);
  }
}

/** Who denies the flows with the peers. */
function denialsOf(walk: DecisionWalk, peers: BitSet): Pick<OneSided, 'isolating' | 'denying'> {
  const { reach, hasDenials, isolatingOf } = walk;
  const back = backOf(walk);
  const isolating = new Set<Policy>();
  const denying = new Set<Rule>();
  for (const { peer, owners } of alikePeers(walk, peers)) {
    for (const policy of isolatingOf(peer, back)) isolating.add(policy);
    if (!hasDenials) continue;
    for (const { rule, peers: matched } of deniersOf(reach, { peer, back, traffic: walk.walk.traffic }))
      if (matched.meets(owners)) denying.add(rule);
  }
  return { isolating: [...isolating], denying: [...denying] };
}

/** The denying rules at the other end, with whom each matches. */
function deniersOf(
  reach: DecisionWalk['reach'],
  { peer, back, traffic }: { readonly peer: number; readonly back: Direction; readonly traffic: readonly TrafficClass[] },
): readonly { readonly rule: Rule; readonly peers: BitSet }[] {
  return traffic.flatMap((one) => reach.matches(peer, back, one)).filter(({ rule }) => rule.action === 'deny');
}
