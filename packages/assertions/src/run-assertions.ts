/** Runs assertions in a cluster: plans, judges, and says of each what came of it, with the reasons where it fails. */
import { describeTraffic } from '@weir/connectivity';
import type { Diagnostic } from '@weir/kube';
import {
  type DirectionVerdict,
  type EngineName,
  explainQuestion,
  type FlowVerdict,
  judgeQuestion,
  type Outcome,
  outcomeInDirection,
  type PolicyRef,
  type PolicyWorld,
} from '@weir/model';
import type { Snapshot } from '@weir/snapshot';
import type { Assertion, AssertionFile } from './assertion.ts';
import type { AskedFlow, Check, Plan } from './check.ts';
import { CheckPlanner } from './check-planner.ts';
import { planFlow } from './flow-checks.ts';
import { planOnly } from './only-checks.ts';
import { OwnRows } from './own-rows.ts';
import { TrafficKindFinder } from './traffic-kinds.ts';

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
  const rows = new OwnRows(snapshot);
  const engine = snapshot.world.profile.name;
  return assertions.map((assertion): AssertionResult => {
    const base = { assertion, engine, asked: 0, failures: [] };
    if (assertion.profiles?.includes(engine) === false) return { ...base, outcome: 'skipped', plan: { kind: 'planned', checks: [] } };
    const plan = planAssertion(planner, assertion, engine);
    if (plan.kind === 'problem') return { ...base, outcome: 'error', plan, problem: problemOf(assertion, plan) };
    const failures = failuresOf({ snapshot, kinds, rows }, assertion, plan);
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

interface AskedWorld {
  readonly snapshot: Snapshot;
  readonly kinds: TrafficKindFinder;
  readonly rows: OwnRows;
}

function failuresOf(asked: AskedWorld, assertion: Assertion, { checks }: Plan & { kind: 'planned' }): FailedFlow[] {
  const failures: FailedFlow[] = [];
  for (const check of checks) {
    for (const group of wrongFlows(asked, assertion, check)) {
      failures.push(failedFlow(asked.snapshot, group, { assertion, check, isExplained: failures.length < explainedMax }));
    }
  }
  return failures;
}

interface WrongFlows {
  readonly flows: readonly AskedFlow[];
  readonly got: Outcome;
}

/** The flows with another answer than the wished one, by their ends and what the answer is. */
function wrongFlows(asked: AskedWorld, assertion: Assertion, check: Check): WrongFlows[] {
  const { world } = asked.snapshot;
  const { wants, expect } = check;
  const groups = new Map<string, { readonly flows: AskedFlow[]; readonly got: Outcome }>();
  let isAnyRight = false;
  for (const flow of openFlows(asked, assertion, check)) {
    const got = judgeQuestion(world, flow.question);
    const isRight = got === expect && isDecidedAsWished(world, assertion, flow);
    isAnyRight ||= isRight;
    if (isRight) continue;
    const key = `${flow.source.name}\n${flow.destination.name}\n${got}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { flows: [flow], got });
    else group.flows.push(flow);
  }
  return wants === 'some' && isAnyRight ? [] : [...groups.values()];
}

/** The flows that the policies of the end which all is about do not deny by themselves, where that is what is wished; else all. */
function openFlows({ snapshot: { world }, kinds, rows }: AskedWorld, { decidedBy }: Assertion, check: Check): readonly AskedFlow[] {
  const { first, ofPair } = check;
  if (first === undefined || ofPair === undefined || decidedBy !== undefined) return check.flows;
  const open: AskedFlow[] = [];
  // Most of millions of questions end here, without a look at what all the others say.
  for (const bundle of kinds.alikeIn(first, ofPair)) {
    const [one] = bundle;
    if (one === undefined) continue;
    if (rows.deny(first, ofPair, one) ?? outcomeInDirection(world, ofPair.flowOf(one).question, first) === 'deny') continue;
    for (const traffic of bundle) open.push(ofPair.flowOf(traffic));
  }
  return open;
}

/** Whether a question has the wished answer in a world, by the wished policy. */
export function isAsWished(world: PolicyWorld, assertion: Assertion, expect: Outcome, flow: AskedFlow): boolean {
  return judgeQuestion(world, flow.question) === expect && isDecidedAsWished(world, assertion, flow);
}

function isDecidedAsWished(world: PolicyWorld, { decidedBy }: Assertion, { question }: AskedFlow): boolean {
  return decidedBy === undefined || isDecidedBy(explainQuestion(world, question), decidedBy);
}

/** Whether the policy is what decides the flow, in the direction that does. */
function isDecidedBy({ verdict, egress, ingress }: FlowVerdict, name: string): boolean {
  const deciding = [egress, ingress].filter((each) => verdict !== 'deny' || each.verdict === 'deny');
  return deciding.flatMap(policiesBehind).some((policy) => namesOf(policy).includes(name));
}

function policiesBehind({ decidedBy, isolatedBy }: DirectionVerdict): readonly PolicyRef[] {
  if (decidedBy?.reason === 'rule') return [decidedBy.rule.origin.policy];
  return decidedBy?.reason === 'end of tier' ? isolatedBy.map(({ policy }) => policy) : [];
}

function namesOf({ kind, namespace, name }: PolicyRef): string[] {
  const full = namespace === undefined ? name : `${namespace}/${name}`;
  return [full, `${kind} ${full}`];
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
