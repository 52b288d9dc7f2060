/** The connections of a check that are not as wished, in a world. */
import {
  type DirectionVerdict,
  explainQuestion,
  type FlowVerdict,
  judgeQuestion,
  type Outcome,
  outcomeInDirection,
  type PolicyRef,
  type PolicyWorld,
} from '@weir/model';
import type { Assertion } from './assertion.ts';
import type { AskedFlow, Check } from './check.ts';
import type { OwnRows } from './own-rows.ts';
import type { TrafficKindFinder } from './traffic-kinds.ts';

/** A world, and what is found out about it once for all checks. */
export interface AskedWorld {
  readonly world: PolicyWorld;
  readonly kinds: TrafficKindFinder;
  readonly rows: OwnRows;
}

/** Connections with one answer between two ends. */
export interface WrongFlows {
  readonly flows: readonly AskedFlow[];
  readonly got: Outcome;
}

/** The flows with another answer than the wished one, by their ends and what the answer is. */
export function wrongFlows(asked: AskedWorld, assertion: Assertion, check: Check): WrongFlows[] {
  const { world } = asked;
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

/** Whether a check does not hold, for which no more is asked than has to be; `count` is told of so many verdicts. */
export function isBroken(asked: AskedWorld, assertion: Assertion, check: Check, count: (verdicts: number) => void): boolean {
  const { wants, expect, ofPair } = check;
  let flows: readonly AskedFlow[] = openFlows(asked, assertion, check);
  // Where it does not matter how many there are, one stands for all that both ends treat alike.
  if (ofPair !== undefined && assertion.decidedBy === undefined)
    flows = asked.kinds.alikeInBoth({ ...ofPair, traffic: flows.map(({ traffic }) => traffic) }).map(({ one }) => ofPair.flowOf(one));
  const isWrong = (flow: AskedFlow): boolean => !isAsWished(asked.world, assertion, expect, flow);
  count(flows.length);
  if (wants === 'every') return flows.some(isWrong);
  return check.count > 0 && flows.every(isWrong);
}

/** The flows that the policies of the end which all is about do not deny by themselves, where that is what is wished; else all. */
function openFlows({ world, kinds, rows }: AskedWorld, { decidedBy }: Assertion, check: Check): readonly AskedFlow[] {
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
function isAsWished(world: PolicyWorld, assertion: Assertion, expect: Outcome, flow: AskedFlow): boolean {
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
