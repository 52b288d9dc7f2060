/** Runs assertions in a cluster: plans, judges, and says of each what came of it, with the reasons where it fails. */
import { describeTraffic } from '@weir/connectivity';
import type { Diagnostic } from '@weir/kube';
import { type EngineName, explainQuestion, type FlowVerdict, type Outcome } from '@weir/model';
import type { Snapshot } from '@weir/snapshot';
import type { Assertion, AssertionFile } from './assertion.ts';
import type { Check, Plan } from './check.ts';
import { CheckPlanner } from './check-planner.ts';
import { planFlow } from './flow-checks.ts';
import { planOnly } from './only-checks.ts';
import { askedOwners, OwnRows } from './own-rows.ts';
import { TrafficKindFinder } from './traffic-kinds.ts';
import { type AskedWorld, type WrongFlows, wrongFlows } from './wrong-flows.ts';

/** Connections between two ends that are not as wished. */
export interface FailedFlow {
  readonly source: string;
  readonly destination: string;
  /** `TCP 80, 443`. */
  readonly traffic: string;
  readonly expected: Outcome;
  readonly got: Outcome;
  /** What is wrong, as a sentence. */
  readonly message: string;
  /** The first of them, explained; of the first few ends alone. */
  readonly verdict?: FlowVerdict;
}

/** An assertion with what came of it as one engine. */
export interface AssertionResult {
  readonly assertion: Assertion;
  readonly engine: EngineName;
  /** `error`: it says nothing about this cluster, or about nobody. `skipped`: it is about other engines. */
  readonly outcome: 'passed' | 'failed' | 'error' | 'skipped';
  /** So many questions were asked. */
  readonly asked: number;
  readonly failures: readonly FailedFlow[];
  /** Why there is no answer. */
  readonly problem?: Diagnostic;
  /** What was asked; empty where nothing could be. */
  readonly plan: Plan;
}

/** So many failures of one assertion are explained. */
const explainedMax = 3;

/** How to ask. */
interface AskingOptions {
  /** Asks about each port that a rule lists for itself, so that it can be told what other rules would change. Default: no. */
  readonly eachPort?: boolean;
}

/** Runs the assertions of a file in a snapshot that is read as the engine does. */
export function runAssertions(
  snapshot: Snapshot,
  { assertions, ends }: Pick<AssertionFile, 'assertions' | 'ends'>,
  { eachPort = false }: AskingOptions = {},
): AssertionResult[] {
  const planner = new CheckPlanner(snapshot, ends, eachPort);
  const kinds = new TrafficKindFinder(snapshot.world);
  const engine = snapshot.world.profile.name;
  const planned = assertions.map((assertion) => {
    const isAsked = assertion.profiles?.includes(engine) !== false;
    return { assertion, plan: isAsked ? planAssertion(planner, assertion, engine) : undefined };
  });
  const rows = new OwnRows(snapshot, askedOwners(planned.flatMap(({ plan }) => (plan?.kind === 'planned' ? plan.checks : []))));
  return planned.map(({ assertion, plan }): AssertionResult => {
    const base = { assertion, engine, asked: 0, failures: [] };
    if (plan === undefined) return { ...base, outcome: 'skipped', plan: { kind: 'planned', checks: [] } };
    if (plan.kind === 'problem') return { ...base, outcome: 'error', plan, problem: problemOf(assertion, plan) };
    const failures = failuresOf({ snapshot, asked: { world: snapshot.world, kinds, rows } }, assertion, plan);
    const asked = plan.checks.reduce((sum, { count }) => sum + count, 0);
    return { ...base, asked, failures, plan, outcome: failures.length === 0 ? 'passed' : 'failed' };
  });
}

function planAssertion(planner: CheckPlanner, assertion: Assertion, engine: EngineName): Plan {
  const { claim } = assertion;
  return claim.kind === 'only' ? planOnly(planner, assertion, claim) : planFlow(planner, assertion, claim, claim.expect[engine] ?? 'allow');
}

function problemOf(assertion: Assertion, { message, action, path }: Plan & { kind: 'problem' }): Diagnostic {
  return { code: 'assertion-about-nobody', severity: 'error', message, action, field: path, position: assertion.positionOf(path) };
}

interface AskedSnapshot {
  readonly snapshot: Snapshot;
  readonly asked: AskedWorld;
}

function failuresOf({ snapshot, asked }: AskedSnapshot, assertion: Assertion, { checks }: Plan & { kind: 'planned' }): FailedFlow[] {
  const failures: FailedFlow[] = [];
  for (const check of checks) {
    for (const group of wrongFlows(asked, assertion, check)) {
      failures.push(failedFlow(snapshot, group, { assertion, check, isExplained: failures.length < explainedMax }));
    }
  }
  return failures;
}

interface FailureContext {
  readonly assertion: Assertion;
  readonly check: Check;
  readonly isExplained: boolean;
}

function failedFlow(snapshot: Snapshot, { flows, got }: WrongFlows, { assertion, check, isExplained }: FailureContext): FailedFlow {
  const [first] = flows;
  const [source, destination] = [first?.source.name ?? '', first?.destination.name ?? ''];
  const text = describeTraffic(
    flows.map((flow) => flow.traffic),
    first?.among ?? [],
  );
  const verdict = isExplained && first !== undefined ? explainQuestion(snapshot.world, first.question) : undefined;
  const missing = got === 'unknown' && verdict !== undefined ? verdict.missing : [];
  return {
    source,
    destination,
    traffic: text,
    expected: check.expect,
    got,
    message: `${source} → ${destination}, ${text}: ${sentenceOf(assertion, check, got)}${missing.length === 0 ? '' : ` (not known: ${missing.join('; ')})`}`,
    ...(verdict === undefined ? {} : { verdict }),
  };
}

const outcomeWords = { allow: 'allowed', deny: 'denied', unknown: 'unknown' } as const;

function sentenceOf({ claim, decidedBy }: Assertion, { expect, wants }: Check, got: Outcome): string {
  if (got === expect) return `${outcomeWords[got]} as wished, but not by ${decidedBy ?? ''}`;
  if (claim.kind === 'only' && expect === 'deny') return `${outcomeWords[got]}, and is not among those who alone may`;
  if (wants === 'some') return `${outcomeWords[got]}, and at least something should be allowed`;
  return `${outcomeWords[got]}, should be ${outcomeWords[expect]}`;
}
