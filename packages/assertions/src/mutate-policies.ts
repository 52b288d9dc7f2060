/**
 * Which changes to policies the assertions notice: each mutant is judged by the assertions that are about its pods.
 *
 * A mutant that no assertion notices is compared with the policy on all connections of its pods: where none differs, it
 * changes nothing and nobody can notice; else one that differs says which assertion is missing.
 */
import { appliesToPods, type Endpoint, type FlowEnd, type Policy, type PolicyWorld, type SelectingTier, type Tier } from '@weir/model';
import { addToGroup } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { Assertion } from './assertion.ts';
import type { AskedFlow, Check } from './check.ts';
import { CheckPlanner, endpointOf } from './check-planner.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { askedOwners, OwnRows } from './own-rows.ts';
import { type ChangedFlow, PolicyDifferences, podsByPolicy } from './policy-differences.ts';
import type { AssertionResult } from './run-assertions.ts';
import { TrafficKindFinder } from './traffic-kinds.ts';
import { type AskedWorld, isBroken } from './wrong-flows.ts';

/** What came of a mutant. */
export interface MutantResult {
  readonly mutant: Mutant;
  /** `equal`: no connection differs. `left out`: there were more mutants, or more to judge, than were allowed. */
  readonly outcome: 'noticed' | 'survived' | 'equal' | 'left out';
  /** The assertion that notices. */
  readonly noticedBy?: string;
  /** Of a survivor: a connection that differs. */
  readonly example?: ChangedFlow;
}

/** How much work may be done. */
export interface MutationLimits {
  readonly mutants: number;
  /** Verdicts in all. */
  readonly judgements: number;
  /** Told before each mutant how many were judged and how many there are to judge, as it may take a minute. */
  readonly onJudging?: (judged: number, of: number) => void;
}

/** A check of an assertion that holds, with its questions that a policy has a say about. */
interface Holding {
  readonly assertion: Assertion;
  readonly check: Check;
}

/**
 * Judges mutants of every policy that can select pods and is enforced; `results` are those of the same snapshot, with `eachPort`.
 * Where not all can be judged, those of policies come first that some assertion which holds is about.
 */
export function mutatePolicies(snapshot: Snapshot, results: readonly AssertionResult[], limits: MutationLimits): MutantResult[] {
  const policies = snapshot.world.tiers.flatMap((tier) => tier.policies).filter((policy) => !policy.staged && appliesToPods(policy));
  const run = new MutationRun(snapshot, results, limits);
  const found = new Map<Policy, readonly MutantResult[]>();
  const mutants = new Map(policies.map((policy) => [policy, mutantsOf(policy)]));
  run.begin([...mutants.values()].reduce((sum, { length }) => sum + length, 0));
  for (const isAsked of [true, false]) {
    for (const policy of policies) if (run.isAsked(policy) === isAsked) found.set(policy, run.judgeAll(policy, mutants.get(policy) ?? []));
  }
  return policies.flatMap((policy) => found.get(policy) ?? []);
}

class MutationRun {
  readonly #snapshot: Snapshot;
  readonly #byPolicy: ReadonlyMap<Policy, readonly Holding[]>;
  readonly #planner: CheckPlanner;
  readonly #owners: ReadonlySet<string>;
  readonly #subjects: ReadonlyMap<Policy, readonly Endpoint[]>;
  readonly #base: AskedWorld;
  readonly #onJudging: MutationLimits['onJudging'];
  #asked = 0;
  #judged = 0;
  #mutantsLeft: number;
  #verdictsLeft: number;

  constructor(snapshot: Snapshot, results: readonly AssertionResult[], { mutants, judgements, onJudging }: MutationLimits) {
    const { world } = snapshot;
    this.#snapshot = snapshot;
    this.#onJudging = onJudging;
    this.#mutantsLeft = mutants;
    this.#verdictsLeft = judgements;
    this.#subjects = podsByPolicy(world);
    this.#planner = new CheckPlanner(snapshot, new Map(), true);
    this.#byPolicy = holdingByPolicy(world, results);
    this.#owners = askedOwners(results.flatMap(({ plan }) => (plan.kind === 'planned' ? plan.checks : [])));
    this.#base = { world, kinds: new TrafficKindFinder(world), rows: new OwnRows(snapshot, this.#owners) };
  }

  /** Whether an assertion that holds is about the policy. */
  isAsked(policy: Policy): boolean {
    return this.#byPolicy.has(policy);
  }

  /** So many mutants there are. */
  begin(mutants: number): void {
    this.#asked = Math.min(mutants, this.#mutantsLeft);
  }

  judgeAll(policy: Policy, mutants: readonly Mutant[]): readonly MutantResult[] {
    let differences: PolicyDifferences | undefined;
    return mutants.map((mutant): MutantResult => {
      if (this.#mutantsLeft <= 0 || this.#verdictsLeft <= 0) return { mutant, outcome: 'left out' };
      this.#onJudging?.(this.#judged, this.#asked);
      this.#mutantsLeft -= 1;
      this.#judged += 1;
      const noticedBy = this.#noticing(mutant);
      if (noticedBy !== undefined) return { mutant, outcome: 'noticed', noticedBy };
      differences ??= new PolicyDifferences(this.#planner, this.#subjects.get(policy) ?? []);
      const example = differences.first((world) => withMutant(world, mutant), this.#count);
      if (example === 'too many') return { mutant, outcome: 'survived' };
      return example === undefined ? { mutant, outcome: 'equal' } : { mutant, outcome: 'survived', example };
    });
  }

  readonly #count = (verdicts: number): void => {
    this.#verdictsLeft -= verdicts;
  };

  /** The name of the first assertion that notices. */
  #noticing(mutant: Mutant): string | undefined {
    const about = this.#byPolicy.get(mutant.policy) ?? [];
    if (about.length === 0) return undefined;
    const snapshot = { ...this.#snapshot, world: withMutant(this.#snapshot.world, mutant) };
    const { world } = snapshot;
    const owners = this.#ownersUnder(mutant.policy);
    const changed: AskedWorld = { world, kinds: new TrafficKindFinder(world), rows: new OwnRows(snapshot, owners) };
    // Rows of pods that the policy does not select are as they were.
    const elsewhere: AskedWorld = { ...changed, rows: this.#base.rows };
    // What is likely to notice goes first.
    const likely = mutant.effect === 'more' ? 'deny' : 'allow';
    const ordered = [...about.filter(({ check }) => check.expect === likely), ...about.filter(({ check }) => check.expect !== likely)];
    return ordered.find(({ assertion, check }) => {
      const owner = ownerOf(check);
      return isBroken(owner !== undefined && owners.has(owner.uid) ? changed : elsewhere, assertion, check, this.#count);
    })?.assertion.name;
  }

  /** The pods that assertions are about and the policy selects. */
  #ownersUnder(policy: Policy): ReadonlySet<string> {
    const subjects = this.#subjects.get(policy) ?? [];
    return new Set(subjects.map(({ uid }) => uid).filter((uid) => this.#owners.has(uid)));
  }
}

/** The checks of assertions that hold, by the policies that have a say about them. */
function holdingByPolicy(world: PolicyWorld, results: readonly AssertionResult[]): Map<Policy, Holding[]> {
  const found = new Map<Policy, Holding[]>();
  for (const { assertion, outcome, plan } of results) {
    if (outcome !== 'passed' || plan.kind === 'problem') continue;
    for (const check of plan.checks) {
      if (check.ofPair !== undefined) {
        // As it is: there may be a hundred thousand of them, each with a hundred questions.
        const holding = { assertion, check };
        for (const policy of policiesAbout(world, check.ofPair)) addToGroup(found, policy, holding);
        continue;
      }
      const flowsOf = new Map<Policy, AskedFlow[]>();
      for (const flow of check.flows) for (const policy of policiesAbout(world, flow.question)) addToGroup(flowsOf, policy, flow);
      for (const [policy, flows] of flowsOf) {
        const asked = check.wants === 'every' ? { ...check, flows, count: flows.length } : check;
        addToGroup(found, policy, { assertion, check: asked });
      }
    }
  }
  return found;
}

/** The pod that a check with everybody is about. */
function ownerOf({ first, ofPair }: Check): Endpoint | undefined {
  if (first === undefined || ofPair === undefined) return undefined;
  return endpointOf(first === 'ingress' ? ofPair.destination : ofPair.source);
}

function policiesAbout(
  world: PolicyWorld,
  { source, destination }: { readonly source: FlowEnd; readonly destination: FlowEnd },
): ReadonlySet<Policy> {
  const ends = [endpointOf(source), endpointOf(destination)].filter((end) => end !== undefined);
  return new Set(ends.flatMap((endpoint) => world.selecting(endpoint).flatMap(({ policies }) => policies)));
}

/** The world with the mutant in place of its policy; everything else is shared. */
function withMutant(world: PolicyWorld, { policy, mutated }: Mutant): PolicyWorld {
  const replaced = (own: readonly Policy[]): readonly Policy[] => own.flatMap((each) => (each === policy ? (mutated ?? []) : each));
  const changedTiers = (): readonly Tier[] =>
    world.tiers.map((tier) => (tier.policies.includes(policy) ? { ...tier, policies: replaced(tier.policies) } : tier));
  // Host endpoints are looked up in the tiers.
  if (world.asksHosts) return world.withTiers(changedTiers());
  let tiers: readonly Tier[] | undefined;
  /** Pods that the policy does not select keep what they have, with all that is known of it. */
  const selectingWith = (own: readonly SelectingTier[]): readonly SelectingTier[] =>
    own.some(({ policies }) => policies.includes(policy))
      ? own.map(({ tier, policies }) => ({ tier, policies: replaced(policies) })).filter(({ policies }) => policies.length > 0)
      : own;
  const known = new Map<Endpoint, readonly SelectingTier[]>();
  return {
    ...world,
    // Thousands of mutants of one policy among thousands are judged by what selects their pods alone.
    get tiers() {
      return (tiers ??= changedTiers());
    },
    selecting(endpoint) {
      let selecting = known.get(endpoint);
      if (selecting !== undefined) return selecting;
      selecting = selectingWith(world.selecting(endpoint));
      known.set(endpoint, selecting);
      return selecting;
    },
  };
}
