/**
 * Which parts of policies decide nothing: without them every flow of every pod is decided as it is with them.
 *
 * Each of the parts found changes nothing when it alone goes, nor do all of them when they go together; of parts that do the
 * same the last one is found and the first one stays. Exact for the pods, nodes and addresses that there are; where a fact is
 * missing, a part counts as one that decides.
 */
import type { Policy, Rule } from '@weir/model';
import { addToGroup } from '@weir/net';
import type { DecisionWalk, Without } from './decision-walk.ts';
import type { PolicyPart, PolicyParts, RulePart } from './policy-part.ts';
import type { EndStep } from './walk-steps.ts';

/** What is found. */
export interface SpareParts {
  readonly policies: readonly PolicyParts['policy'][];
  readonly rules: readonly RulePart[];
  /** All of it taken together. */
  readonly without: { readonly rules: ReadonlySet<Rule>; readonly policies: ReadonlySet<Policy> };
}

/** Finds them. `keeps` says of which whole policies nobody would take leave. */
export function findSpareParts(
  parts: readonly PolicyParts[],
  walks: WalkIndex,
  keeps: (policy: PolicyPart) => boolean = () => false,
): SpareParts {
  const search = new Search(walks);
  const lastFirst = [...parts].reverse();
  const policies = lastFirst.flatMap((of) =>
    !keeps(of.policy) && of.rules.every((rule) => walks.saysAll(rule)) && search.takes(of.policy) ? [of.policy] : [],
  );
  const taken = new Set(policies);
  const staying = lastFirst.filter(({ policy }) => !taken.has(policy)).flatMap(({ rules }) => [...rules].reverse());
  const whole = staying.map((rule) => ({ ...rule, isSpare: walks.saysAll(rule) && search.takes(rule.whole) }));
  const peers = whole.flatMap((rule) => (rule.isSpare ? [] : [...rule.peers].reverse().filter((peer) => search.takes(peer))));
  return {
    policies: policies.reverse(),
    rules: [...whole.flatMap((rule) => (rule.isSpare ? [rule.whole] : [])), ...peers].reverse(),
    without: search.without,
  };
}

/** Walks by the rules that they ask, and by the ends of tiers that policies make deny. */
export class WalkIndex {
  readonly #byRule = new Map<Rule, DecisionWalk[]>();
  /** Walks of pods under the same policies share the ends of their tiers. */
  readonly #byEnd = new Map<EndStep, DecisionWalk[]>();
  readonly #endsOf = new Map<Policy, EndStep[]>();
  readonly #standing = new Map<EndStep, readonly Policy[]>();
  readonly #saying = new Map<PolicyPart, boolean>();

  constructor(walks: readonly DecisionWalk[]) {
    for (const walk of walks) {
      for (const step of walk.steps) {
        if (step.kind === 'rule') addToGroup(this.#byRule, step.rule, walk);
        else if (step.isolating.length > 0) {
          if (!this.#byEnd.has(step)) for (const policy of step.isolating) addToGroup(this.#endsOf, policy, step);
          addToGroup(this.#byEnd, step, walk);
        }
      }
    }
  }

  /** The walks that ask a rule of the part. */
  asking(part: PolicyPart): readonly DecisionWalk[] {
    const [rule, ...others] = part.rules;
    // Each walk asks a rule once.
    if (rule !== undefined && others.length === 0) return this.#byRule.get(rule) ?? [];
    return [...new Set([...part.rules].flatMap((one) => this.#byRule.get(one) ?? []))];
  }

  /** The walks in which the part can decide something while nothing but these policies is left out: those in which others isolate beside it, and it says nothing, are left out. */
  of(part: PolicyPart, without: Pick<ReadonlySet<Policy>, 'has'>): readonly DecisionWalk[] {
    const asking = this.asking(part);
    const ending = this.endsOf(part).flatMap((end) => {
      const walks = this.#byEnd.get(end) ?? [];
      // In what order policies hold is not said where one of them has none; so each of them matters.
      const isAlone = !end.isolating.some((policy) => !part.policies.includes(policy) && !without.has(policy));
      return isAlone || walks[0]?.isUnordered === true ? walks : [];
    });
    return ending.length === 0 ? asking : [...new Set([...asking, ...ending])];
  }

  /** The ends of tiers that deny because of the part, if it is a policy. */
  endsOf(part: PolicyPart): readonly EndStep[] {
    return part.kind === 'policy' ? part.policies.flatMap((policy) => this.#endsOf.get(policy) ?? []) : [];
  }

  /** The policies because of which the pods that a policy isolates stay isolated without all that is left out, which it is itself. */
  isolatingBeside(part: PolicyPart, without: Without): readonly Policy[] {
    const lists = new Set(this.endsOf(part).map((end) => this.#standingAt(end, without)));
    const [only = [], ...others] = lists;
    return others.length === 0 ? only : [...new Set([...lists].flat())];
  }

  /** Those that isolate at the end of a tier while others are left out; `without` is the same whenever this is asked. */
  #standingAt(end: EndStep, without: Without): readonly Policy[] {
    let standing = this.#standing.get(end);
    if (standing === undefined) this.#standing.set(end, (standing = end.isolating.filter((policy) => !without.policies.has(policy))));
    return standing;
  }

  /** Whether each peer of the rule matches some flow: one that matches none is meant for something that is not there to be looked at. */
  saysAll({ whole, peers }: PolicyParts['rules'][number]): boolean {
    return (peers.length === 0 ? [whole] : peers).every((part) => this.says(part));
  }

  /** Whether the part matches some flow for certain, or isolates some pod. */
  says(part: PolicyPart): boolean {
    let says = this.#saying.get(part);
    if (says === undefined) {
      says =
        this.endsOf(part).length > 0 ||
        this.asking(part).some((walk) => walk.stepsOf(part.rules).some(({ matched }) => matched.certain.meets(walk.peers)));
      this.#saying.set(part, says);
    }
    return says;
  }
}

/** A search that takes one part after the other. */
class Search {
  readonly #walks: WalkIndex;
  /** Walks from which a rule is taken, and ends of tiers of which a policy is. */
  readonly #thinned = new Set<DecisionWalk | EndStep>();
  readonly without: { readonly rules: Set<Rule>; readonly policies: Set<Policy> } = { rules: new Set(), policies: new Set() };

  constructor(walks: WalkIndex) {
    this.#walks = walks;
  }

  /** Takes the part when it decides nothing, in what is there and in what is left. */
  takes(part: PolicyPart): boolean {
    if (!this.#walks.says(part)) return false;
    const policies = part.kind === 'policy' ? part.policies : [];
    const alone = { rules: part.rules, policies: new Set(policies) };
    if (!this.#walks.of(part, alone.policies).every((walk) => isSame(walk, part, alone))) return false;
    const { rules, policies: taken } = this.without;
    for (const rule of part.rules) rules.add(rule);
    for (const policy of policies) taken.add(policy);
    const walks = this.#walks.of(part, taken);
    // Where nothing else is taken there is nothing more to be asked.
    if (walks.every((walk) => !this.#isThinned(walk) || isSame(walk, part, this.without))) {
      for (const one of [...this.#walks.asking(part), ...this.#walks.endsOf(part)]) this.#thinned.add(one);
      return true;
    }
    for (const rule of part.rules) rules.delete(rule);
    for (const policy of policies) taken.delete(policy);
    return false;
  }

  #isThinned(walk: DecisionWalk): boolean {
    return this.#thinned.has(walk) || walk.tierEnds.some((end) => this.#thinned.has(end));
  }
}

/** Whether the walk decides without it what it decides with it, whatever the missing facts are. */
function isSame(walk: DecisionWalk, part: PolicyPart, without: Without): boolean {
  if (walk.isUnordered || decidesAlone(walk, part)) return false;
  const { certain, possible } = walk.base;
  // The walk decides as it does without what was taken before; so of others than these peers it decides the same.
  const touched = walk.touchedBy(part, without);
  if (certain !== possible && possible.without(certain).meets(touched)) return false;
  const after = walk.allowedAmong(touched, without);
  return after.certain.equals(certain.and(touched)) && after.possible.equals(possible.and(touched));
}

/** Whether the part allows what nothing else does, as far as that can be told without walking again. */
function decidesAlone(walk: DecisionWalk, part: PolicyPart): boolean {
  const staysIsolated =
    part.kind !== 'policy' || walk.tierEnds.some(({ isolating }) => !isolating.every((one) => part.policies.includes(one)));
  return staysIsolated && walk.stepsOf(part.rules).some(({ matched }) => matched.certain.meets(walk.allowedOnce));
}
