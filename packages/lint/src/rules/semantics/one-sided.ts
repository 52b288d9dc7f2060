/**
 * Allowances of which nothing comes: every connection that only this rule allows is denied at its other end.
 *
 * What the rule allows beside others does not count, nor does what is not known to be denied.
 */
import type { TrafficClass } from '@weir/connectivity';
import type { Direction, Policy, Rule } from '@weir/model';
import type { BitSet } from '@weir/net';
import type { DecisionWalk, Without } from './decision-walk.ts';
import type { PolicyPart, PolicyParts, RulePart } from './policy-part.ts';
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
  const isolating = new Set<Policy>();
  const denying = new Set<Rule>();
  let hasFlows = false;
  for (const walk of walks.of(part)) {
    if (walk.isUnordered) return undefined;
    const peers = allowedOnlyBy(part, walk, without);
    if (peers.isEmpty) continue;
    hasFlows = true;
    const denials = denialsOf(walk, peers);
    if (denials === undefined) return undefined;
    for (const policy of denials.isolating) isolating.add(policy);
    for (const rule of denials.denying) denying.add(rule);
  }
  return hasFlows ? { part, isolating: [...isolating], denying: [...denying] } : undefined;
}

/** The peers that would not be allowed for certain without the part. */
function allowedOnlyBy(part: PolicyPart, walk: DecisionWalk, without: Without): BitSet {
  const all: Without = { rules: { has: (rule) => without.rules.has(rule) || part.rules.has(rule) }, policies: without.policies };
  return walk.base.possible.without(walk.allowed(all).certain).and(walk.matchedBy(part.rules).possible);
}

/** Who denies every flow with the peers; undefined when some flow may be allowed. */
function denialsOf({ walk, ends, reach, single }: DecisionWalk, peers: BitSet): Pick<OneSided, 'isolating' | 'denying'> | undefined {
  if (!peers.without(ends.pods).isEmpty) return undefined;
  const back = walk.direction === 'ingress' ? 'egress' : 'ingress';
  const isolating = new Set<Policy>();
  const denying = new Set<Rule>();
  const seen = new Set<number>();
  for (const peer of peers.members()) {
    const isItself = single.has(peer) && walk.members.has(peer);
    // Peers under the same policies answer alike, but for a pod that is asked about itself.
    if (!isItself && seen.has(reach.kindOf(peer))) continue;
    if (!isItself) seen.add(reach.kindOf(peer));
    const owners = walk.members.copy();
    if (isItself) owners.delete(peer);
    const rows = new Set(walk.traffic.map((traffic) => reach.bounds(peer, back, traffic)));
    if ([...rows].some(({ possible }) => possible.meets(owners))) return undefined;
    for (const policy of reach.isolating(peer, back)) isolating.add(policy);
    for (const { rule, peers: matched } of deniersOf(reach, { peer, back, traffic: walk.traffic }))
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
