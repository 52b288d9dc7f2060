/** Why a part of a policy decides nothing: who decides in front of it, and who would decide the same behind it. */
import type { Decider, DecisionWalk, Without } from './decision-walk.ts';
import type { PolicyPart, RulePart } from './policy-part.ts';
import type { WalkIndex } from './spare-parts.ts';
import type { EndStep, RuleStep } from './walk-steps.ts';

/** Who decides in place of a part, of all flows that it matches. */
export interface SpareReason {
  /** Decided before the part is asked. */
  readonly before: readonly (RuleStep | EndStep)[];
  /** Decide what the part decides now. */
  readonly after: readonly Decider[];
}

/** The reasons of a part that decides nothing, in a world without the other parts that do not either. */
export function reasonOf(part: PolicyPart, walks: WalkIndex, without: Without): SpareReason {
  const others = withoutBut(without, part);
  const before = new Map<unknown, RuleStep | EndStep>();
  const after = new Map<unknown, Decider>();
  // Whom a policy isolates is told by who isolates beside it.
  for (const walk of walks.asking(part)) {
    const matched = walk.matchedBy(part.rules).certain;
    const front = part.kind === 'policy' ? { deciders: [], reached: matched } : walk.before(part.rules, matched, others);
    for (const step of front.deciders) before.set(keyOf(step), step);
    for (const decider of walk.decidersOf(front.reached, without)) after.set(keyOf(decider), decider);
  }
  return { before: [...before.values()], after: [...after.values()] };
}

/** All that is left out but the part. */
export function withoutBut({ rules, policies }: Without, part: PolicyPart): Without {
  return {
    rules: { has: (rule) => rules.has(rule) && !part.rules.has(rule) },
    policies: { has: (policy) => policies.has(policy) && !(part.kind === 'policy' && part.policies.includes(policy)) },
  };
}

/** What the part is, by who decides in its place. */
export type SpareKind =
  /** Others of its tier decide the same. */
  | 'redundant'
  /** Other tiers decide the same, or nobody isolates: it holds against what may come. */
  | 'agreeing'
  /** A rule decides otherwise before it is asked. */
  | 'shadowed'
  /** A tier in front of it ends in a denial. */
  | 'unreachable';

/** Tells the kinds apart. */
export function kindOfSpare({ action, rules }: RulePart, { before, after }: SpareReason, walks: readonly DecisionWalk[]): SpareKind {
  if (after.length === 0) {
    if (before.some(({ kind }) => kind === 'end')) return 'unreachable';
    if (before.some((step) => step.kind === 'rule' && step.rule.action !== action)) return 'shadowed';
  }
  const own = new Set(walks.flatMap((walk) => walk.stepsOf(rules).map(({ tier }) => tier)));
  const isOwn = (decider: Decider): boolean => decider.kind === 'rule' && own.has(decider.tier);
  return [...before, ...after].every(isOwn) ? 'redundant' : 'agreeing';
}

function keyOf(decider: Decider): unknown {
  if (decider.kind === 'rule') return decider.rule;
  return decider.kind === 'end' ? `end ${decider.tier.name}` : decider.kind;
}
