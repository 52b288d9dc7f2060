/**
 * Evaluation without a kernel: the verdict of one flow, with or without its trace.
 *
 * Egress of the source and ingress of the destination are judged separately and both must allow.
 *
 * ```
 * same pod, or own node → its pod?      allow  (profile)
 * no enforced policy selects the pod?   allow  (no policy)
 * tiers in order ─▶ rules of the selecting policies in order
 *      first match: allow / deny decide, pass goes on with the next tier, log goes on
 *      no match, and an isolating policy of the tier selects the pod: the tier's end decides
 * after the last tier                   allow  (no policy: not isolated)
 * ```
 */
import type { Flow } from '@weir/net';
import { type Endpoint, systemOfEndpoint } from './endpoint.ts';
import { ruleMatches, ruleMismatches } from './match-rule.ts';
import { appliesToPods, type Direction, type Policy, type Rule, type Tier } from './model.ts';
import { nearMissesOf } from './near-misses.ts';
import type { PolicyWorld, SelectingTier } from './policy-world.ts';
import { selectorMismatches } from './selector-truth.ts';
import {
  type DirectionVerdict,
  type FlowQuestion,
  type FlowVerdict,
  type Isolation,
  type Outcome,
  outcomeOf,
  type PolicyTrace,
} from './verdict.ts';

/** The question that a five-tuple asks in a world. */
export function questionOf(world: PolicyWorld, flow: Flow): FlowQuestion {
  return {
    source: world.endAt(flow.source),
    destination: world.endAt(flow.destination),
    protocol: flow.protocol,
    ...(flow.sourcePort === undefined ? {} : { sourcePort: flow.sourcePort }),
    ...(flow.destinationPort === undefined ? {} : { destinationPort: flow.destinationPort }),
    ...(flow.message === undefined ? {} : { icmp: { type: flow.message >> 8, code: flow.message & 0xff } }),
  };
}

/** The verdict of a flow between two addresses, with its trace and near misses. */
export function evaluateFlow(world: PolicyWorld, flow: Flow): FlowVerdict {
  return explainQuestion(world, questionOf(world, flow));
}

/** The outcome of a question alone; what {@link explainQuestion} says, without the reasons. */
export function judgeQuestion(world: PolicyWorld, question: FlowQuestion): Outcome {
  const egress = judgeDirection(world, question, 'egress').verdict;
  if (egress === 'deny') return 'deny';
  return combine(egress, judgeDirection(world, question, 'ingress').verdict);
}

/** The outcome of a question with everything that was looked at. */
export function explainQuestion(world: PolicyWorld, question: FlowQuestion): FlowVerdict {
  const egress = judgeDirection(world, question, 'egress');
  const ingress = judgeDirection(world, question, 'ingress');
  const trace = [...traceDirection(world, question, 'egress'), ...traceDirection(world, question, 'ingress')];
  const denied = [...(egress.verdict === 'deny' ? ['egress' as const] : []), ...(ingress.verdict === 'deny' ? ['ingress' as const] : [])];
  const verdict = combine(egress.verdict, ingress.verdict);
  return {
    question,
    verdict,
    missing: verdict === 'unknown' ? [...new Set([...egress.missing, ...ingress.missing])] : [],
    egress,
    ingress,
    trace,
    nearMisses: nearMissesOf(trace.filter(({ direction }) => denied.includes(direction))),
  };
}

/** Both directions must allow; a deny decides even when the other is unknown. */
function combine(egress: Outcome, ingress: Outcome): Outcome {
  if (egress === 'deny' || ingress === 'deny') return 'deny';
  return egress === 'unknown' || ingress === 'unknown' ? 'unknown' : 'allow';
}

/** The pod whose policies speak in a direction, or undefined when that end is no pod. */
function ownerOf(question: FlowQuestion, direction: Direction): Endpoint | undefined {
  const end = direction === 'egress' ? question.source : question.destination;
  return end.kind === 'endpoint' ? end.endpoint : undefined;
}

/** The outcome of one direction. */
export function judgeDirection(world: PolicyWorld, question: FlowQuestion, direction: Direction): DirectionVerdict {
  const owner = ownerOf(question, direction);
  if (owner === undefined)
    return { verdict: 'allow', isolatedBy: [], decidedBy: { reason: 'no policy', detail: 'not an endpoint' }, missing: [] };
  const selecting = world.selecting(owner);
  const isolatedBy = selecting.flatMap(({ policies }) =>
    policies.filter((policy) => policy[direction]?.isolates === true).map(isolationOf),
  );
  const exemption = exemptionOf(world, question, direction, owner);
  if (exemption !== undefined) return { verdict: 'allow', isolatedBy, decidedBy: { reason: 'profile', detail: exemption }, missing: [] };
  return { ...new TierWalk(world, question, direction).run(selecting), isolatedBy };
}

/** What is allowed whatever the policies say: a pod to itself, and a node to its own pods. */
function exemptionOf(
  world: PolicyWorld,
  { source, destination }: FlowQuestion,
  direction: Direction,
  owner: Endpoint,
): 'self' | 'own node' | undefined {
  if (source.kind === 'endpoint' && destination.kind === 'endpoint' && source.endpoint.uid === destination.endpoint.uid) return 'self';
  const other = direction === 'egress' ? destination : source;
  if (other.kind !== 'node' || other.node.name !== owner.node) return undefined;
  return direction === 'ingress' || world.profile.podReachesOwnNode.includes(systemOfEndpoint(owner)) ? 'own node' : undefined;
}

function isolationOf(policy: Policy): Isolation {
  return { policy: policy.ref, ...(policy.source === undefined ? {} : { source: policy.source }) };
}

type Decision = Pick<DirectionVerdict, 'verdict' | 'decidedBy' | 'missing'>;

/**
 * One walk through the tiers. Rules that match only perhaps are kept: a later certain decision
 * stands when all of them would have decided the same, otherwise the outcome is unknown.
 */
class TierWalk {
  private readonly world: PolicyWorld;
  private readonly question: FlowQuestion;
  private readonly direction: Direction;
  private readonly perhaps: Rule[] = [];

  constructor(world: PolicyWorld, question: FlowQuestion, direction: Direction) {
    this.world = world;
    this.question = question;
    this.direction = direction;
  }

  run(selecting: readonly SelectingTier[]): Decision {
    for (const { tier, policies } of selecting) {
      const decision = this.runTier(tier, policies);
      if (decision !== undefined) return decision;
    }
    return this.decide('allow', { verdict: 'allow', decidedBy: { reason: 'no policy', detail: 'not isolated' }, missing: [] });
  }

  private runTier(tier: Tier, policies: readonly Policy[]): Decision | undefined {
    for (const policy of policies) {
      for (const rule of policy[this.direction]?.rules ?? []) {
        if (rule.action === 'log') continue;
        const truth = ruleMatches(this.world, rule, this.question);
        if (truth === 'unknown') this.perhaps.push(rule);
        if (truth !== 'yes') continue;
        const outcome = outcomeOf(rule.action);
        if (outcome === undefined) return undefined;
        return this.decide(outcome, { verdict: outcome, decidedBy: { reason: 'rule', rule }, missing: [] });
      }
    }
    if (tier.end === 'pass' || !policies.some((policy) => policy[this.direction]?.isolates === true)) return undefined;
    return this.decide('deny', { verdict: 'deny', decidedBy: { reason: 'end of tier', tier: tier.name }, missing: [] });
  }

  private decide(outcome: 'allow' | 'deny', decision: Decision): Decision {
    if (this.perhaps.every((rule) => rule.action === outcome)) return decision;
    const missing = this.perhaps
      .flatMap((rule) => ruleMismatches(this.world, rule, this.question))
      .flatMap((mismatch) => (mismatch.kind === 'missingFact' ? [mismatch.fact] : []));
    return { verdict: 'unknown', missing: [...new Set(missing)] };
  }
}

function traceDirection(world: PolicyWorld, question: FlowQuestion, direction: Direction): PolicyTrace[] {
  const owner = ownerOf(question, direction);
  if (owner === undefined) return [];
  return world.tiers.flatMap((tier) =>
    tier.policies.filter(appliesToPods).map((policy) => tracePolicy(world, question, { tier, policy, direction, owner })),
  );
}

interface TracedPolicy {
  readonly tier: Tier;
  readonly policy: Policy;
  readonly direction: Direction;
  readonly owner: Endpoint;
}

function tracePolicy(world: PolicyWorld, question: FlowQuestion, { tier, policy, direction, owner }: TracedPolicy): PolicyTrace {
  const rules = policy[direction];
  const mismatches = selectorMismatches(world, policy.subject, owner, direction === 'egress' ? 'source' : 'destination');
  const applies = mismatches.length > 0 ? 'not selected' : rules === undefined ? 'other direction' : policy.staged ? 'staged' : 'yes';
  return {
    direction,
    tier: tier.name,
    policy: policy.ref,
    ...(policy.source === undefined ? {} : { source: policy.source }),
    applies,
    isolates: applies === 'yes' && rules?.isolates === true,
    mismatches,
    rules:
      applies !== 'yes'
        ? []
        : (rules?.rules ?? []).map((rule) => ({
            rule,
            matched: ruleMatches(world, rule, question),
            mismatches: ruleMismatches(world, rule, question),
          })),
  };
}
