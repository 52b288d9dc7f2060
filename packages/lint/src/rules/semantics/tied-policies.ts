/**
 * Policies of one tier and one order that say different things of the same flow: which of the two holds is decided by
 * something that nobody meant, such as their names.
 */
import type { Action, Policy, Rule, Tier } from '@weir/model';
import { addToGroup, BitSet } from '@weir/net';
import type { DecisionWalk } from './decision-walk.ts';
import type { RuleStep } from './walk-steps.ts';

/** Two policies, the first in front of the second today, with a rule of each that meet. */
export interface TiedPolicies {
  readonly tier: Tier;
  readonly first: { readonly policy: Policy; readonly rule: Rule };
  readonly second: { readonly policy: Policy; readonly rule: Rule };
}

/** For each policy the first one that it is tied with, in each walk; each pair once. */
export function findTiedPolicies(walks: readonly DecisionWalk[]): readonly TiedPolicies[] {
  const found = new Map<Policy, Map<Policy, TiedPolicies>>();
  for (const walk of walks) {
    const actions = new Set(walk.steps.map((step) => (step.kind === 'rule' ? step.rule.action : undefined)));
    actions.delete(undefined);
    // Where all rules do the same none is against another.
    if (walk.isUnordered || actions.size < 2) continue;
    for (const tied of tiedIn(walk)) {
      const others = found.get(tied.first.policy) ?? new Map<Policy, TiedPolicies>();
      found.set(tied.first.policy, others);
      if (!others.has(tied.second.policy)) others.set(tied.second.policy, tied);
    }
  }
  return [...found.values()].flatMap((others) => [...others.values()]);
}

/** What a policy alone does with the peers that come to it, by its rules. */
interface OwnDecisions {
  readonly policy: Policy;
  readonly decided: readonly { readonly rule: Rule; readonly peers: BitSet }[];
}

function* tiedIn(walk: DecisionWalk): Iterable<TiedPolicies> {
  let remaining = walk.peers;
  let passed = BitSet.empty(walk.peers.size);
  for (const { tier, groups, denies } of tiersOf(walk)) {
    for (const group of groups) {
      const decisions = group.map(({ policy, steps }) => ownDecisions(policy, steps, remaining));
      yield* tiedAmong(tier, decisions);
      for (const { decided } of decisions) {
        for (const { rule, peers } of decided) {
          if (rule.action === 'pass') passed = passed.or(peers.and(remaining));
          remaining = remaining.without(peers);
        }
      }
    }
    remaining = denies ? passed : remaining.or(passed);
    passed = BitSet.empty(walk.peers.size);
  }
}

/** The second of each pair with the first that decides something of the same peers in another way. */
function* tiedAmong(tier: Tier, decisions: readonly OwnDecisions[]): Iterable<TiedPolicies> {
  /** Whom policies in front decide, by what they do: of thousands of policies mostly none is against another. */
  const claimed = new Map<Action, BitSet>();
  for (const [at, other] of decisions.entries()) {
    const isTied = other.decided.some(({ rule, peers }) =>
      [...claimed].some(([action, whom]) => action !== rule.action && whom.meets(peers)),
    );
    for (const one of isTied ? decisions.slice(0, at) : []) {
      const meeting = meetingRules(one, other);
      if (meeting === undefined) continue;
      yield { tier, first: { policy: one.policy, rule: meeting[0] }, second: { policy: other.policy, rule: meeting[1] } };
      break;
    }
    for (const { rule, peers } of other.decided) {
      const whom = claimed.get(rule.action);
      if (whom === undefined) claimed.set(rule.action, peers.copy());
      else whom.addAll(peers);
    }
  }
}

/** Policies of equal order side by side, tier after tier. */
interface WalkedTier {
  readonly tier: Tier;
  readonly groups: readonly (readonly { readonly policy: Policy; readonly steps: readonly RuleStep[] }[])[];
  readonly denies: boolean;
}

function tiersOf({ steps }: DecisionWalk): readonly WalkedTier[] {
  const tiers: WalkedTier[] = [];
  let groups = new Map<number, Map<Policy, RuleStep[]>>();
  for (const step of steps) {
    if (step.kind === 'rule') {
      const { policy } = step;
      const group = groups.get(policy.order) ?? new Map<Policy, RuleStep[]>();
      groups.set(policy.order, group);
      addToGroup(group, policy, step);
      continue;
    }
    const inOrder = [...groups.values()].map((group) => [...group].map(([policy, ofPolicy]) => ({ policy, steps: ofPolicy })));
    tiers.push({ tier: step.tier, groups: inOrder, denies: step.isolating.length > 0 });
    groups = new Map();
  }
  return tiers;
}

function ownDecisions(policy: Policy, steps: readonly RuleStep[], coming: BitSet): OwnDecisions {
  let remaining = coming;
  const decided = steps.map(({ rule, matched }) => {
    const peers = matched.certain.and(remaining);
    // What is matched only perhaps is not known to be decided here.
    remaining = remaining.without(matched.possible);
    return { rule, peers };
  });
  return { policy, decided: decided.filter(({ peers }) => !peers.isEmpty) };
}

/** A rule of each that meet on a flow and do different things. */
function meetingRules(one: OwnDecisions, other: OwnDecisions): readonly [Rule, Rule] | undefined {
  for (const { rule, peers } of one.decided) {
    const against = other.decided.find((each) => each.rule.action !== rule.action && each.peers.meets(peers));
    if (against !== undefined) return [rule, against.rule];
  }
  return undefined;
}
