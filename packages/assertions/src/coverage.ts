/**
 * Which rules assertions exercise: those that let a connection through that some assertion asks about, or deny it.
 *
 * A rule counts when it matches the connection and is of one mind with the verdict; where policies have no order among
 * themselves, as those of Kubernetes, several may count for one connection. That a policy isolates is a rule of its own
 * here: nobody wrote it down, and it is what denies.
 */
import type { TrafficClass } from '@weir/connectivity';
import { appliesToPods, type Direction, describeOrigin, type FlowQuestion, type Policy, type PolicyWorld, type Rule } from '@weir/model';
import type { Snapshot } from '@weir/snapshot';
import type { Check, PairQuestions } from './check.ts';
import { type Behind, type CoveredRule, type Entry, type EntryLookup, Exercise } from './exercise.ts';
import { askedOwners, OwnRows } from './own-rows.ts';
import type { AssertionResult } from './run-assertions.ts';
import { type JointKind, TrafficKindFinder } from './traffic-kinds.ts';

/** Every rule of every policy that can select pods and is enforced, in the order of policies. */
export function coverRules(snapshot: Snapshot, results: readonly AssertionResult[]): CoveredRule[] {
  const { world } = snapshot;
  const { entries, ...lookup } = entriesOf(world);
  const kinds = new TrafficKindFinder(world);
  const checksOf = ({ plan }: AssertionResult): readonly Check[] => (plan.kind === 'problem' ? [] : plan.checks);
  const about = { kinds, rows: new OwnRows(snapshot, askedOwners(results.flatMap(checksOf))), exercise: new Exercise(world, lookup) };
  for (const result of results) {
    const run = new CoverageRun(about, result.assertion.name);
    for (const check of checksOf(result)) {
      if (check.ofPair === undefined) for (const { question } of check.flows) run.enterQuestion(question);
      else run.enterPair(check.ofPair, check.first);
    }
  }
  return entries.map((entry) => ({ ...entry, tests: [...entry.tests] }));
}

interface CoveredWorld {
  readonly kinds: TrafficKindFinder;
  readonly rows: OwnRows;
  readonly exercise: Exercise;
}

/** Enters what one assertion exercises. */
class CoverageRun {
  readonly #about: CoveredWorld;
  readonly #name: string;
  /** The isolation of one pod is behind nearly all that "only these may" asks: entered once. */
  readonly #entered = new Set<readonly Entry[]>();

  constructor(about: CoveredWorld, name: string) {
    this.#about = about;
    this.#name = name;
  }

  enterQuestion(question: FlowQuestion): void {
    this.#enter(directions.map((direction) => this.#about.exercise.behind(question, direction)));
  }

  /** What is behind all that is asked of two ends; `first` is the direction of the end that all of it is about. */
  enterPair(pair: PairQuestions, first: Direction | undefined): void {
    if (first === undefined) {
      this.#enterKinds(pair);
      return;
    }
    const { kinds, rows } = this.#about;
    const denied: TrafficClass[] = [];
    const open: TrafficClass[] = [];
    for (const bundle of kinds.alikeIn(first, pair)) {
      const [one] = bundle;
      const isDenied = one !== undefined && rows.deny(first, pair, one) === true;
      for (const traffic of bundle) (isDenied ? denied : open).push(traffic);
    }
    if (open.length > 0) this.#enterKinds({ ...pair, traffic: open });
    if (denied.length > 0) this.#enterDenials({ ...pair, traffic: denied });
  }

  #enterKinds(pair: PairQuestions): void {
    const verdicts = new KnownVerdicts(this.#about.exercise, pair);
    for (const joint of this.#about.kinds.alikeInBoth(pair)) this.#enter(directions.map((direction) => verdicts.of(joint, direction)));
  }

  /** Of what is denied only denials count, and there are few of them: nothing is asked for which all that may be behind it is entered. */
  #enterDenials(pair: PairQuestions): void {
    const { exercise, kinds } = this.#about;
    const isOpen = (direction: Direction): boolean =>
      exercise.denialsOf(direction === 'ingress' ? pair.destination : pair.source, direction).some(({ tests }) => !tests.has(this.#name));
    let pending = directions.filter(isOpen);
    if (pending.length === 0) return;
    const verdicts = new KnownVerdicts(exercise, pair);
    for (const joint of kinds.alikeInBoth(pair)) {
      this.#enter(pending.map((direction) => verdicts.of(joint, direction)).filter(({ verdict }) => verdict === 'deny'));
      pending = pending.filter(isOpen);
      if (pending.length === 0) return;
    }
  }

  #enter(behind: readonly Behind[]): void {
    for (const list of this.#about.exercise.of(behind)) {
      if (this.#entered.has(list)) continue;
      this.#entered.add(list);
      for (const entry of list) entry.tests.add(this.#name);
    }
  }
}

/** What is behind the answers about two ends: each direction is asked once for traffic that it treats alike. */
class KnownVerdicts {
  readonly #exercise: Exercise;
  readonly #pair: PairQuestions;
  readonly #known = { ingress: new Map<number, Behind>(), egress: new Map<number, Behind>() };

  constructor(exercise: Exercise, pair: PairQuestions) {
    this.#exercise = exercise;
    this.#pair = pair;
  }

  of(joint: JointKind, direction: Direction): Behind {
    let behind = this.#known[direction].get(joint[direction]);
    if (behind === undefined)
      this.#known[direction].set(joint[direction], (behind = this.#exercise.behind(this.#pair.flowOf(joint.one).question, direction)));
    return behind;
  }
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
