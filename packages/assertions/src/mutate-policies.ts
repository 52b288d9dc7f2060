/**
 * Which changes to policies the assertions notice: each mutant is judged by the assertions that are about its pods.
 *
 * A mutant that no assertion notices is compared with the policy on all connections of its pods: where none differs, it
 * changes nothing and nobody can notice; else one that differs says which assertion is missing.
 */
import {
  appliesToPods,
  type Endpoint,
  type FlowEnd,
  judgeQuestion,
  type Outcome,
  type Policy,
  type PolicyWorld,
  type SelectingTier,
} from '@weir/model';
import { addToGroup } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { isOwnNode, pairOf } from './alike-ends.ts';
import type { Assertion } from './assertion.ts';
import type { AskedFlow, AskedGroup, Check } from './check.ts';
import { CheckPlanner, endpointOf } from './check-planner.ts';
import { everybody } from './everybody.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { type AssertionResult, isAsWished } from './run-assertions.ts';

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

/** A connection with the verdict that the policies give it, and the one that a mutant does. */
export interface ChangedFlow {
  readonly flow: AskedFlow;
  readonly before: Outcome;
  readonly after: Outcome;
}

/** How much work may be done. */
export interface MutationLimits {
  readonly mutants: number;
  /** Verdicts in all. */
  readonly judgements: number;
}

/** So many verdicts are compared to find out whether a survivor changes anything. */
const comparedMax = 50_000;

/** A check of an assertion that holds, with its questions that a policy has a say about. */
interface Holding {
  readonly assertion: Assertion;
  readonly check: Check;
  /** May be made anew each time. */
  readonly flows: readonly AskedFlow[];
}

/** Judges mutants of every policy that can select pods and is enforced; `results` are those of the same snapshot, with `eachPort`. */
export function mutatePolicies(snapshot: Snapshot, results: readonly AssertionResult[], limits: MutationLimits): MutantResult[] {
  const policies = snapshot.world.tiers.flatMap((tier) => tier.policies).filter((policy) => !policy.staged && appliesToPods(policy));
  const mutants = policies.flatMap(mutantsOf);
  const run = new MutationRun(snapshot, results, limits.judgements);
  return mutants.map((mutant, at): MutantResult => (at < limits.mutants ? run.judge(mutant) : { mutant, outcome: 'left out' }));
}

class MutationRun {
  readonly #snapshot: Snapshot;
  readonly #byPolicy: ReadonlyMap<Policy, readonly Holding[]>;
  readonly #planner: CheckPlanner;
  #left: number;
  #groups: readonly AskedGroup[] | undefined;

  constructor(snapshot: Snapshot, results: readonly AssertionResult[], judgements: number) {
    this.#snapshot = snapshot;
    this.#left = judgements;
    this.#planner = new CheckPlanner(snapshot, new Map(), true);
    this.#byPolicy = holdingByPolicy(snapshot.world, results);
  }

  judge(mutant: Mutant): MutantResult {
    const world = withMutant(this.#snapshot.world, mutant);
    const about = this.#byPolicy.get(mutant.policy) ?? [];
    // What is likely to notice goes first.
    const likely = mutant.effect === 'more' ? 'deny' : 'allow';
    const ordered = [...about.filter(({ check }) => check.expect === likely), ...about.filter(({ check }) => check.expect !== likely)];
    for (const { assertion, check, flows } of ordered) {
      if (this.#left < 0) return { mutant, outcome: 'left out' };
      const asked = check.wants === 'every' ? flows : check.flows;
      this.#left -= asked.length;
      const isWrong = (flow: AskedFlow): boolean => !isAsWished(world, assertion, check.expect, flow);
      if (check.wants === 'every' ? asked.some(isWrong) : asked.every(isWrong))
        return { mutant, outcome: 'noticed', noticedBy: assertion.name };
    }
    const example = this.#difference(mutant, world);
    if (example === 'too many') return { mutant, outcome: 'survived' };
    return example === undefined ? { mutant, outcome: 'equal' } : { mutant, outcome: 'survived', example };
  }

  /** A connection of the policy's pods that differs. */
  #difference({ policy }: Mutant, world: PolicyWorld): ChangedFlow | 'too many' | undefined {
    this.#groups ??= everybody(this.#planner, { markOf: () => '', ranges: [] }).map(({ asked }) => asked);
    const groups = this.#groups;
    const own = groups.filter(([first]) =>
      isSelected(this.#snapshot.world, policy, first === undefined ? undefined : endpointOf(first.end)),
    );
    let compared = 0;
    for (const owner of own) {
      for (const other of groups) {
        for (const [sources, targets] of [
          [other, owner],
          [owner, other],
        ] as const) {
          for (const flow of this.#flowsBetween(sources, targets)) {
            const [before, after] = [judgeQuestion(this.#snapshot.world, flow.question), judgeQuestion(world, flow.question)];
            if (before !== after) return { flow, before, after };
            compared += 2;
            this.#left -= 2;
          }
          if (compared > comparedMax) return 'too many';
        }
      }
    }
    return undefined;
  }

  #flowsBetween(sources: AskedGroup, targets: AskedGroup): AskedFlow[] {
    const pair = pairOf(sources, targets);
    if (pair === undefined || isOwnNode(pair.source.end, pair.target.end)) return [];
    return this.#planner.familiesBetween(pair.source.end, pair.target.end, undefined).flatMap((family) => {
      const among = this.#planner.traffic.all(family);
      return among.map(this.#planner.flowsBetween(pair.source, pair.target, { among, family }));
    });
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
        for (const policy of policiesAbout(world, check.ofPair)) addToGroup(found, policy, new PairHolding(assertion, check));
        continue;
      }
      const flowsOf = new Map<Policy, AskedFlow[]>();
      for (const flow of check.flows) for (const policy of policiesAbout(world, flow.question)) addToGroup(flowsOf, policy, flow);
      for (const [policy, flows] of flowsOf) addToGroup(found, policy, { assertion, check, flows });
    }
  }
  return found;
}

/** A check about two ends: its questions are made when they are asked. */
class PairHolding implements Holding {
  readonly assertion: Assertion;
  readonly check: Check;

  constructor(assertion: Assertion, check: Check) {
    this.assertion = assertion;
    this.check = check;
  }

  get flows(): readonly AskedFlow[] {
    return this.check.flows;
  }
}

function policiesAbout(
  world: PolicyWorld,
  { source, destination }: { readonly source: FlowEnd; readonly destination: FlowEnd },
): ReadonlySet<Policy> {
  const ends = [endpointOf(source), endpointOf(destination)].filter((end) => end !== undefined);
  return new Set(ends.flatMap((endpoint) => world.selecting(endpoint).flatMap(({ policies }) => policies)));
}

function isSelected(world: PolicyWorld, policy: Policy, endpoint: Endpoint | undefined): boolean {
  return endpoint !== undefined && world.selecting(endpoint).some(({ policies }) => policies.includes(policy));
}

/** The world with the mutant in place of its policy; everything else is shared. */
function withMutant(world: PolicyWorld, { policy, mutated }: Mutant): PolicyWorld {
  const replaced = (own: readonly Policy[]): readonly Policy[] => own.flatMap((each) => (each === policy ? (mutated ?? []) : each));
  const tiers = world.tiers.map((tier) => (tier.policies.includes(policy) ? { ...tier, policies: replaced(tier.policies) } : tier));
  // Host endpoints are looked up in the tiers.
  if (world.asksHosts) return world.withTiers(tiers);
  const known = new Map<Endpoint, readonly SelectingTier[]>();
  return {
    ...world,
    tiers,
    selecting(endpoint) {
      let selecting = known.get(endpoint);
      if (selecting !== undefined) return selecting;
      selecting = world
        .selecting(endpoint)
        .map(({ tier, policies }) => ({ tier, policies: replaced(policies) }))
        .filter(({ policies }) => policies.length > 0);
      known.set(endpoint, selecting);
      return selecting;
    },
  };
}
