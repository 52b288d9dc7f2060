/**
 * Which rules assertions exercise: those that let a connection through that some assertion asks about, or deny it.
 *
 * A rule counts when it matches the connection and is of one mind with the verdict; where policies have no order among
 * themselves, as those of Kubernetes, several may count for one connection. That a policy isolates is a rule of its own
 * here: nobody wrote it down, and it is what denies.
 */
import {
  appliesToPods,
  type Direction,
  type DirectionVerdict,
  describeOrigin,
  type Endpoint,
  type FlowQuestion,
  judgeDirection,
  type Policy,
  type PolicyRef,
  type PolicyWorld,
  type Rule,
  ruleMatches,
  type SourcePosition,
} from '@weir/model';
import type { Snapshot } from '@weir/snapshot';
import type { PairQuestions } from './check.ts';
import { endpointOf } from './check-planner.ts';
import type { AssertionResult } from './run-assertions.ts';
import { TrafficKindFinder } from './traffic-kinds.ts';

/** A rule, or the isolation, of a policy, with the assertions that exercise it. */
export interface CoveredRule {
  readonly policy: PolicyRef;
  readonly direction: Direction;
  /** `ingress[0].from[1]`, or `isolation`. */
  readonly rule: string;
  readonly source?: SourcePosition;
  /** Names of assertions, each once. */
  readonly tests: readonly string[];
}

interface Entry extends Omit<CoveredRule, 'tests'> {
  readonly tests: Set<string>;
}

/** Every rule of every policy that can select pods and is enforced, in the order of policies. */
export function coverRules(snapshot: Snapshot, results: readonly AssertionResult[]): CoveredRule[] {
  const { world } = snapshot;
  const { entries, ...lookup } = entriesOf(world);
  const kinds = new TrafficKindFinder(world);
  const exercise = new Exercise(world, lookup);
  for (const { assertion, plan } of results) {
    if (plan.kind === 'problem') continue;
    // The isolation of one pod is behind nearly all that "only these may" asks: entered once.
    const entered = new Set<readonly Entry[]>();
    const enter = (behind: readonly Behind[]): void => {
      for (const list of exercise.of(behind)) {
        if (entered.has(list)) continue;
        entered.add(list);
        for (const entry of list) entry.tests.add(assertion.name);
      }
    };
    for (const check of plan.checks) {
      if (check.ofPair === undefined) {
        for (const { question } of check.flows) enter(directions.map((direction) => exercise.behind(question, direction)));
      } else for (const behind of ofPair(exercise, kinds, check.ofPair)) enter(behind);
    }
  }
  return entries.map((entry) => ({ ...entry, tests: [...entry.tests] }));
}

/** What is behind the answers about two ends: each direction is asked once for traffic that it treats alike. */
function* ofPair(exercise: Exercise, kinds: TrafficKindFinder, pair: PairQuestions): Generator<readonly Behind[]> {
  const known = { ingress: new Map<number, Behind>(), egress: new Map<number, Behind>() };
  for (const joint of kinds.alikeInBoth(pair)) {
    yield directions.map((direction) => {
      let behind = known[direction].get(joint[direction]);
      if (behind === undefined)
        known[direction].set(joint[direction], (behind = exercise.behind(pair.flowOf(joint.one).question, direction)));
      return behind;
    });
  }
}

interface EntryLookup {
  readonly ofRule: ReadonlyMap<Rule, Entry>;
  readonly ofIsolation: Readonly<Record<Direction, ReadonlyMap<Policy, Entry>>>;
}

const directions: readonly Direction[] = ['ingress', 'egress'];

function entriesOf(world: PolicyWorld): EntryLookup & { readonly entries: readonly Entry[] } {
  const ofRule = new Map<Rule, Entry>();
  const ofIsolation = { ingress: new Map<Policy, Entry>(), egress: new Map<Policy, Entry>() };
  const entries: Entry[] = [];
  const enter = (entry: Entry): Entry => {
    entries.push(entry);
    return entry;
  };
  for (const policy of world.tiers.flatMap(({ policies }) => policies)) {
    if (policy.staged || !appliesToPods(policy)) continue;
    const about = { policy: policy.ref, tests: new Set<string>() };
    for (const direction of directions) {
      const { isolates = false, rules = [] } = policy[direction] ?? {};
      const source = policy.source === undefined ? {} : { source: policy.source };
      if (isolates) ofIsolation[direction].set(policy, enter({ ...about, tests: new Set(), direction, rule: 'isolation', ...source }));
      const byOrigin = new Map<string, Entry>();
      for (const rule of rules.filter(({ action }) => action !== 'log')) {
        const text = describeOrigin(rule.origin);
        const place = rule.origin.source === undefined ? source : { source: rule.origin.source };
        const entry = byOrigin.get(text) ?? enter({ ...about, tests: new Set(), direction, rule: text, ...place });
        byOrigin.set(text, entry);
        ofRule.set(rule, entry);
      }
    }
  }
  return { entries, ofRule, ofIsolation };
}

/** The verdict of one direction of a connection, and what decided it. */
interface Behind extends Pick<DirectionVerdict, 'verdict' | 'decidedBy'> {
  readonly direction: Direction;
  readonly question: FlowQuestion;
}

const nothing: readonly Entry[] = [];

/** Finds what is behind verdicts. */
class Exercise {
  readonly #world: PolicyWorld;
  readonly #lookup: EntryLookup;
  readonly #isolation: Readonly<Record<Direction, Map<string, readonly Entry[]>>> = { ingress: new Map(), egress: new Map() };
  readonly #ofRules: WeakMap<Behind, readonly Entry[]> = new WeakMap();

  constructor(world: PolicyWorld, lookup: EntryLookup) {
    this.#world = world;
    this.#lookup = lookup;
  }

  behind(question: FlowQuestion, direction: Direction): Behind {
    const { verdict, decidedBy } = judgeDirection(this.#world, question, direction);
    return { direction, question, verdict, ...(decidedBy === undefined ? {} : { decidedBy }) };
  }

  /** Of both directions where it is allowed, of those that deny where it is not. */
  of(behind: readonly Behind[]): (readonly Entry[])[] {
    const isDenied = behind.some(({ verdict }) => verdict === 'deny');
    return behind.flatMap((one) => (isDenied && one.verdict !== 'deny' ? [] : [this.#entries(one)]));
  }

  #entries(behind: Behind): readonly Entry[] {
    const { direction, question, decidedBy } = behind;
    const owner = endpointOf(direction === 'ingress' ? question.destination : question.source);
    if (owner === undefined || decidedBy === undefined) return nothing;
    if (decidedBy.reason === 'end of tier') return this.#isolating(owner, direction, decidedBy.tier);
    if (decidedBy.reason !== 'rule') return nothing;
    let known = this.#ofRules.get(behind);
    if (known === undefined) {
      const { action } = decidedBy.rule;
      known = this.#policies(owner, decidedBy.tier)
        .flatMap((policy) => policy[direction]?.rules ?? [])
        .filter((rule) => rule.action === action && ruleMatches(this.#world, rule, question) === 'yes')
        .flatMap((rule) => this.#lookup.ofRule.get(rule) ?? []);
      this.#ofRules.set(behind, known);
    }
    return known;
  }

  #isolating(owner: Endpoint, direction: Direction, tier: string): readonly Entry[] {
    const key = `${owner.uid} ${tier}`;
    let known = this.#isolation[direction].get(key);
    if (known === undefined) {
      known = this.#policies(owner, tier).flatMap((policy) => this.#lookup.ofIsolation[direction].get(policy) ?? []);
      this.#isolation[direction].set(key, known);
    }
    return known;
  }

  #policies(owner: Endpoint, tierName: string): readonly Policy[] {
    return this.#world.selecting(owner).flatMap(({ tier, policies }) => (tier.name === tierName ? policies : []));
  }
}

/** The coverage of several clusters' worth of rules as one: a rule counts as one wherever it stands in the same place. */
export function joinCoverage(parts: readonly (readonly CoveredRule[])[]): CoveredRule[] {
  const joined = new Map<string, CoveredRule>();
  for (const rule of parts.flat()) {
    const { policy, source } = rule;
    const key = JSON.stringify([policy.apiVersion, policy.kind, policy.namespace, policy.name, rule.direction, rule.rule, source]);
    const other = joined.get(key);
    joined.set(key, other === undefined ? rule : { ...rule, tests: [...new Set([...other.tests, ...rule.tests])] });
  }
  return [...joined.values()];
}
