/** The steps of a walk: rules that match some peers, and the ends of tiers. */
import type { AlikeWalk, Bounds, Reach } from '@weir/connectivity';
import { type Direction, type Policy, type Rule, type Tier, unorderedAmong } from '@weir/model';
import { BitSet } from '@weir/net';

/** A rule that matches some peers. */
export interface RuleStep {
  readonly kind: 'rule';
  readonly tier: Tier;
  readonly policy: Policy;
  readonly rule: Rule;
  readonly matched: Bounds;
}

/** The end of a tier; `isolating` are the policies because of which it denies, none where it lets on. */
export interface EndStep {
  readonly kind: 'end';
  readonly tier: Tier;
  readonly isolating: readonly Policy[];
  /** The same, to look one up. */
  readonly isolates: Pick<ReadonlySet<Policy>, 'has'>;
}

/** One step of a walk. */
export type Step = RuleStep | EndStep;

/** What the walks of one kind of pods have in common: whether they are unordered, and who isolates at the end of each tier. */
export interface WalkEnds {
  readonly isUnordered: boolean;
  readonly ends: readonly EndStep[];
}

/** The ends of the tiers that select some pods. */
export function endsOf(tiers: AlikeWalk['tiers'], direction: Direction): WalkEnds {
  const isUnordered =
    unorderedAmong(
      tiers.flatMap(({ policies }) => policies),
      direction,
    ).length > 0;
  const ends = tiers.map(({ tier, policies }): EndStep => {
    const isolating = tier.end === 'deny' ? policies.filter((policy) => policy[direction]?.isolates === true) : [];
    return { kind: 'end', tier, isolating, isolates: new Set(isolating) };
  });
  return { isUnordered, ends };
}

/** Rules that match nobody of whom there is something to decide are no steps. */
export function stepsOf(
  walk: AlikeWalk,
  reach: Reach,
  { peers, ends }: { readonly peers: BitSet; readonly ends: readonly EndStep[] },
): Step[] {
  const steps: Step[] = [];
  let next = 0;
  for (const [at, end] of ends.entries()) {
    // The rules of a walk are in the order of its tiers.
    for (let asked = walk.rules[next]; asked?.tier === at; asked = walk.rules[++next]) {
      const { policy, rule } = asked;
      const matched = reach.matched(rule, walk);
      if (matched?.possible.meets(peers) === true) steps.push({ kind: 'rule', tier: end.tier, policy, rule, matched });
    }
    steps.push(end);
  }
  return steps;
}

/** The peers that exactly one of the rules matches. */
export function onlyOnce(steps: readonly Step[], peers: BitSet): BitSet {
  const [first, ...others] = steps.filter((step) => step.kind === 'rule');
  if (first !== undefined && others.length === 0) return first.matched.certain.and(peers);
  const once = BitSet.empty(peers.size);
  const twice = BitSet.empty(peers.size);
  for (const step of steps) {
    if (step.kind === 'end') continue;
    twice.addBoth(once, step.matched.certain);
    once.addAll(step.matched.certain);
  }
  once.deleteAll(twice);
  return once.and(peers);
}
