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

/** Walks by the rules that they ask, and by the policies because of which they end in a denial. */
export class WalkIndex {
  readonly #byRule = new Map<Rule, DecisionWalk[]>();
  readonly #byIsolating = new Map<Policy, DecisionWalk[]>();
  readonly #saying = new Map<PolicyPart, boolean>();

  constructor(walks: readonly DecisionWalk[]) {
    for (const walk of walks) {
      for (const step of walk.steps) {
        if (step.kind === 'rule') add(this.#byRule, step.rule, walk);
        else for (const policy of step.isolating) add(this.#byIsolating, policy, walk);
      }
    }
  }

  /** The walks in which the part could decide something. */
  of(part: PolicyPart): readonly DecisionWalk[] {
    const [rule, ...others] = part.rules;
    // Each walk asks a rule once.
    if (part.kind !== 'policy' && rule !== undefined && others.length === 0) return this.#byRule.get(rule) ?? [];
    const asking = [...part.rules].flatMap((one) => this.#byRule.get(one) ?? []);
    const ending = part.kind === 'policy' ? part.policies.flatMap((policy) => this.#byIsolating.get(policy) ?? []) : [];
    return [...new Set([...asking, ...ending])];
  }

  /** Whether each peer of the rule matches some flow: one that matches none is meant for something that is not there to be looked at. */
  saysAll({ whole, peers }: PolicyParts['rules'][number]): boolean {
    return (peers.length === 0 ? [whole] : peers).every((part) => this.says(part));
  }

  /** Whether the part matches some flow for certain, or isolates some pod. */
  says(part: PolicyPart): boolean {
    let says = this.#saying.get(part);
    if (says === undefined) {
      says = this.of(part).some(
        (walk) => walk.isIsolatedBy(part) || walk.stepsOf(part.rules).some(({ matched }) => matched.certain.meets(walk.peers)),
      );
      this.#saying.set(part, says);
    }
    return says;
  }
}

function add<K>(map: Map<K, DecisionWalk[]>, key: K, walk: DecisionWalk): void {
  addToGroup(map, key, walk);
}

/** A search that takes one part after the other. */
class Search {
  readonly #walks: WalkIndex;
  /** Walks from which something is taken. */
  readonly #thinned = new Set<DecisionWalk>();
  readonly without: { readonly rules: Set<Rule>; readonly policies: Set<Policy> } = { rules: new Set(), policies: new Set() };

  constructor(walks: WalkIndex) {
    this.#walks = walks;
  }

  /** Takes the part when it decides nothing, in what is there and in what is left. */
  takes(part: PolicyPart): boolean {
    if (!this.#walks.says(part)) return false;
    const walks = this.#walks.of(part);
    const policies = part.kind === 'policy' ? part.policies : [];
    const alone = { rules: part.rules, policies: new Set(policies) };
    if (!walks.every((walk) => isSame(walk, part, alone))) return false;
    const { rules, policies: taken } = this.without;
    for (const rule of part.rules) rules.add(rule);
    for (const policy of policies) taken.add(policy);
    // Where nothing else is taken there is nothing more to be asked.
    if (walks.every((walk) => !this.#thinned.has(walk) || isSame(walk, part, this.without))) {
      for (const walk of walks) this.#thinned.add(walk);
      return true;
    }
    for (const rule of part.rules) rules.delete(rule);
    for (const policy of policies) taken.delete(policy);
    return false;
  }
}

/** Whether the walk decides without it what it decides with it, whatever the missing facts are. */
function isSame(walk: DecisionWalk, part: PolicyPart, without: Without): boolean {
  if (walk.isUnordered || decidesAlone(walk, part)) return false;
  const { certain, possible } = walk.base;
  if (certain !== possible) {
    const uncertain = walk.isIsolatedBy(part) ? walk.peers : walk.matchedBy(part.rules).possible;
    if (possible.without(certain).meets(uncertain)) return false;
  }
  // The walk decides as it does without what was taken before; so of others than these peers it decides the same.
  const touched = walk.touchedBy(part, without);
  const after = walk.allowedAmong(touched, without);
  return after.certain.equals(certain.and(touched)) && after.possible.equals(possible.and(touched));
}

/** Whether the part allows what nothing else does, as far as that can be told without walking again. */
function decidesAlone(walk: DecisionWalk, part: PolicyPart): boolean {
  const staysIsolated =
    part.kind !== 'policy' || walk.tierEnds.some(({ isolating }) => !isolating.every((one) => part.policies.includes(one)));
  return staysIsolated && walk.stepsOf(part.rules).some(({ matched }) => matched.certain.meets(walk.allowedOnce));
}
