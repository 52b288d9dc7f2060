/**
 * Evaluation without a kernel: the verdict of one flow, with or without its trace.
 *
 * Egress of the source and ingress of the destination are judged separately and both must allow; so must every host endpoint
 * on the way (`judge-hosts.ts`).
 *
 * ```
 * same pod, or own node → its pod?      allow  (profile)
 * no enforced policy selects the pod?   allow  (no policy)
 * policies that nobody has ordered do?  deny   (no order)
 * tiers in order ─▶ rules of the selecting policies in order
 *      first match: allow / deny decide, pass goes on with the next tier, log goes on
 *      no match, and an isolating policy of the tier selects the pod: the tier's end decides
 * after the last tier                   allow  (no policy: not isolated)
 * ```
 */
import type { Flow } from '@weir/net';
import { changedQuestion } from './changed-question.ts';
import { type Endpoint, systemOfEndpoint } from './endpoint.ts';
import { judgeHosts } from './judge-hosts.ts';
import type { Direction, Policy, SelectingTier } from './model.ts';
import { nearMissesOf } from './near-misses.ts';
import type { PolicyWorld } from './policy-world.ts';
import { ownerOf, traceHost, tracePods } from './trace-policies.ts';
import { unorderedAmong } from './unordered-policies.ts';
import type { DirectionVerdict, FlowQuestion, FlowVerdict, Isolation, Outcome } from './verdict.ts';
import { TierWalk } from './walk-tiers.ts';

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
  const egress = outcomeInDirection(world, question, 'egress');
  if (egress === 'deny') return 'deny';
  const pods = combineOutcomes(egress, outcomeInDirection(world, question, 'ingress'));
  return pods === 'deny' ? pods : [pods, ...judgeHosts(world, question).map(({ verdict }) => verdict)].reduce(combineOutcomes);
}

/** The outcome of a question with everything that was looked at. */
export function explainQuestion(world: PolicyWorld, question: FlowQuestion): FlowVerdict {
  const egress = judgeDirection(world, question, 'egress');
  const ingress = judgeDirection(world, question, 'ingress');
  const hosts = judgeHosts(world, question);
  const verdicts = [egress, ingress, ...hosts];
  const ofPods = { egress: tracePods(world, question, 'egress'), ingress: tracePods(world, question, 'ingress') };
  const ofHosts = hosts.map((host) => traceHost(world, question, host));
  const verdict = verdicts.map((each) => each.verdict).reduce(combineOutcomes);
  const trace = [...ofPods.egress, ...ofPods.ingress, ...ofHosts.flat()];
  const denied = [
    { ...egress, trace: ofPods.egress },
    { ...ingress, trace: ofPods.ingress },
    ...hosts.map((host, i) => ({ ...host, trace: ofHosts[i] ?? [] })),
  ].filter((each) => each.verdict === 'deny');
  return {
    question,
    verdict,
    missing: verdict === 'unknown' ? [...new Set(verdicts.flatMap(({ missing }) => missing))] : [],
    egress,
    ingress,
    hosts,
    trace,
    nearMisses: nearMissesOf(denied, trace, (changes) => helpOf(world, changedQuestion(world, question, changes), verdicts)),
  };
}

/** What a change does to a question that had these verdicts. */
function helpOf(world: PolicyWorld, changed: FlowQuestion, before: readonly { readonly verdict: Outcome }[]): 'enough' | 'in part' | 'no' {
  const after = [
    outcomeInDirection(world, changed, 'egress'),
    outcomeInDirection(world, changed, 'ingress'),
    ...judgeHosts(world, changed).map(({ verdict }) => verdict),
  ];
  if (!after.includes('deny')) return 'enough';
  const isWorse = after.some((outcome, at) => outcome === 'deny' && before[at]?.verdict !== 'deny');
  const denies = before.filter(({ verdict }) => verdict === 'deny').length;
  return !isWorse && after.filter((outcome) => outcome === 'deny').length < denies ? 'in part' : 'no';
}

/** All who have a say must allow; a deny decides even when another is unknown. */
export function combineOutcomes(one: Outcome, other: Outcome): Outcome {
  if (one === 'deny' || other === 'deny') return 'deny';
  return one === 'unknown' || other === 'unknown' ? 'unknown' : 'allow';
}

/** The outcome of one direction alone; what {@link judgeDirection} says, without what made it. */
export function outcomeInDirection(world: PolicyWorld, question: FlowQuestion, direction: Direction): Outcome {
  const owner = ownerOf(question, direction);
  if (owner === undefined || exemptionOf(world, question, direction, owner) !== undefined) return 'allow';
  const selecting = world.selecting(owner);
  if (unorderedIn(selecting, direction).length > 0) return 'deny';
  const walk = new TierWalk(world, question, direction);
  return (walk.run(selecting) ?? walk.decide('allow', { reason: 'no policy', detail: 'not isolated' })).verdict;
}

/** The policies that speak of the direction and that nobody has ordered. */
function unorderedIn(selecting: readonly SelectingTier[], direction: Direction): readonly Policy[] {
  const hasOrders = selecting.some(({ policies }) => policies.some(({ orderedBy }) => orderedBy !== undefined));
  if (!hasOrders) return [];
  const all = selecting.flatMap(({ policies }) => policies);
  return unorderedAmong(all, direction);
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
  const unordered = unorderedIn(selecting, direction);
  if (unordered.length > 0)
    return { verdict: 'deny', isolatedBy, decidedBy: { reason: 'no order', policies: unordered.map(isolationOf) }, missing: [] };
  const walk = new TierWalk(world, question, direction);
  const { verdict, decidedBy, missing } = walk.run(selecting) ?? walk.decide('allow', { reason: 'no policy', detail: 'not isolated' });
  return decidedBy === undefined ? { verdict, isolatedBy, missing } : { verdict, isolatedBy, decidedBy, missing };
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
  return policy.source === undefined ? { policy: policy.ref } : { policy: policy.ref, source: policy.source };
}
