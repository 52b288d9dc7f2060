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
  describeOrigin,
  judgeDirection,
  type Policy,
  type PolicyRef,
  type PolicyWorld,
  type Rule,
  ruleMatches,
  type SourcePosition,
} from '@weir/model';
import type { Snapshot } from '@weir/snapshot';
import type { AskedFlow } from './check.ts';
import { endpointOf } from './check-planner.ts';
import type { AssertionResult } from './run-assertions.ts';

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
  const { entries, ofRule, ofIsolation } = entriesOf(world);
  for (const { assertion, plan } of results) {
    if (plan.kind === 'problem') continue;
    for (const { flows } of plan.checks) {
      for (const flow of flows) {
        for (const entry of exercised(world, flow, { ofRule, ofIsolation })) entry.tests.add(assertion.name);
      }
    }
  }
  return entries.map((entry) => ({ ...entry, tests: [...entry.tests] }));
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

/** What is behind the verdict: of both directions where it is allowed, of those that deny where it is not. */
function exercised(world: PolicyWorld, { question }: AskedFlow, { ofRule, ofIsolation }: EntryLookup): Entry[] {
  const judged = directions.map((direction) => ({ direction, ...judgeDirection(world, question, direction) }));
  const isDenied = judged.some(({ verdict }) => verdict === 'deny');
  return judged.flatMap(({ direction, verdict, decidedBy }): Entry[] => {
    const owner = endpointOf(direction === 'ingress' ? question.destination : question.source);
    if (owner === undefined || decidedBy === undefined || (isDenied && verdict !== 'deny')) return [];
    if (decidedBy.reason !== 'rule' && decidedBy.reason !== 'end of tier') return [];
    const policies = world.selecting(owner).flatMap(({ tier, policies: own }) => (tier.name === decidedBy.tier ? own : []));
    if (decidedBy.reason === 'end of tier') return policies.flatMap((policy) => ofIsolation[direction].get(policy) ?? []);
    const alike = policies
      .flatMap((policy) => policy[direction]?.rules ?? [])
      .filter((rule) => rule.action === decidedBy.rule.action && ruleMatches(world, rule, question) === 'yes');
    return alike.flatMap((rule) => ofRule.get(rule) ?? []);
  });
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
