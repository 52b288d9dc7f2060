/**
 * Verdicts about what the objects leave open: who has an address that must be the cluster's own, which number a
 * port's name stands for, and which addresses a name of the domain name system has. They are `unknown` and name the fact, unless they are the same whatever the fact is.
 */
import { trafficClasses } from '@weir/connectivity';
import {
  type AddressGroupName,
  type Direction,
  type DirectionVerdict,
  explainQuestion,
  type FlowEnd,
  type FlowQuestion,
  type FlowVerdict,
  type PolicyWorld,
  type RuleTrace,
  type Truth,
} from '@weir/model';
import { type AddressRange, addressRangesContain, type Family, formatAddress, formatProtocol } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';

/** What is not known of the ends of a flow. */
export interface UnseenFacts {
  readonly source?: string;
  readonly destination?: string;
}

/** What is not known of ends that are addresses of services or pods which no object has. */
export function unseenFacts(snapshot: Snapshot, { source, destination }: Pick<FlowQuestion, 'source' | 'destination'>): UnseenFacts {
  const [from, to] = [unseenPod(snapshot, source), unseenService(snapshot, destination) ?? unseenPod(snapshot, destination)];
  return { ...(from === undefined ? {} : { source: from }), ...(to === undefined ? {} : { destination: to }) };
}

function unseenService({ serviceRanges }: Snapshot, end: FlowEnd): string | undefined {
  const address = addressIn(serviceRanges, end);
  return address === undefined ? undefined : `what stands behind ${address}, an address for services: no Service among the objects has it`;
}

function unseenPod({ world }: Snapshot, end: FlowEnd): string | undefined {
  const address = addressIn(world.podRanges, end);
  return address === undefined ? undefined : `which pod has ${address}, an address for pods: none among the objects has it`;
}

function addressIn(ranges: readonly AddressRange[], end: FlowEnd): string | undefined {
  return end.kind === 'address' && addressRangesContain(ranges, end.address) ? formatAddress(end.address) : undefined;
}

/** The verdict of a flow with ends of which something is not known. */
export function explainUnseen({ world }: Snapshot, question: FlowQuestion, facts: UnseenFacts): FlowVerdict {
  const seen = explainQuestion(world, question);
  const direct = (direction: Direction): DirectionVerdict => {
    const [own, other] = direction === 'egress' ? [facts.source, facts.destination] : [facts.destination, facts.source];
    if (own !== undefined) return unknownBecause(own, []);
    if (other === undefined || isSureOf(world, question, direction)) return seen[direction];
    return unknownBecause(other, seen[direction].isolatedBy);
  };
  const [egress, ingress] = [direct('egress'), direct('ingress')];
  const verdicts = [egress, ingress, ...seen.hosts];
  if (verdicts.some(({ verdict }) => verdict === 'deny')) return { ...seen, verdict: 'deny', egress, ingress, missing: [] };
  const missing = [...new Set(verdicts.flatMap((one) => one.missing))];
  return { ...seen, verdict: 'unknown', egress, ingress, missing, nearMisses: [] };
}

/**
 * The verdict of a flow to an address outside, which a name that rules let through may have: unknown where it hangs on that,
 * and nobody told what the name resolved to.
 */
export function explainOutside({ world }: Snapshot, question: FlowQuestion): FlowVerdict {
  const seen = explainQuestion(world, question);
  const { source, destination } = question;
  if (seen.egress.verdict !== 'deny' || source.kind !== 'endpoint' || destination.kind !== 'address') return seen;
  const isUntold = (group: AddressGroupName): boolean => group.startsWith('domain/') && world.membersOf(group).length === 0;
  const named: PolicyWorld = {
    ...world,
    inGroup: (group, address) => (isUntold(group) ? [{ address }] : world.inGroup(group, address)),
  };
  const perhaps = explainQuestion(named, question);
  const rule = perhaps.egress.decidedBy?.reason === 'rule' ? perhaps.egress.decidedBy.rule : undefined;
  const names = (rule?.match.destination.groups ?? []).filter(isUntold).map((group) => group.slice('domain/'.length));
  if (perhaps.verdict !== 'allow' || names.length === 0) return seen;
  const fact = `whether ${names.join(' or ')} has ${formatAddress(destination.address)}: names are known once pods have looked them up`;
  return { ...seen, verdict: 'unknown', egress: unknownBecause(fact, seen.egress.isolatedBy), missing: [fact], nearMisses: [] };
}

/** Whether the direction is decided for whoever the other end is: nothing isolates, or nothing lets anything pass. */
function isSureOf(world: PolicyWorld, question: FlowQuestion, direction: Direction): boolean {
  const owner = direction === 'egress' ? question.source : question.destination;
  if (owner.kind !== 'endpoint') return true;
  return world
    .selecting(owner.endpoint)
    .every(({ policies }) => policies.every((policy) => (policy[direction]?.rules ?? []).every(({ action }) => action === 'log')));
}

/** The verdict of a flow to a port of which only a name is known that the destination does not have. */
export function explainUnnumbered({ world }: Snapshot, question: FlowQuestion, fact: string): FlowVerdict {
  const family: Family = question.source.address?.family ?? question.destination.address?.family ?? question.family ?? 4;
  const classes = trafficClasses([world], world.endpoints, family).filter(({ protocol }) => protocol === question.protocol);
  const verdicts = classes.flatMap(({ port }) =>
    port === undefined ? [] : [explainQuestion(world, { ...question, destinationPort: port })],
  );
  const [first, ...others] = verdicts;
  if (first === undefined) throw new TypeError(`${formatProtocol(question.protocol)} has no ports`);
  const trace = first.trace.map((entry, at) => ({
    ...entry,
    rules: entry.rules.map((rule, i) =>
      overPorts(
        rule,
        others.map((other) => other.trace[at]?.rules[i]?.matched ?? 'unknown'),
        fact,
      ),
    ),
  }));
  if (others.every(({ verdict }) => verdict === first.verdict)) return { ...first, question, trace };
  const direction = (of: Direction): DirectionVerdict =>
    others.every((other) => other[of].verdict === first[of].verdict) ? first[of] : unknownBecause(fact, first[of].isolatedBy);
  const missing = [...new Set([fact, ...verdicts.flatMap((one) => one.missing)])];
  return {
    ...first,
    question,
    verdict: 'unknown',
    egress: direction('egress'),
    ingress: direction('ingress'),
    missing,
    trace,
    nearMisses: [],
  };
}

/** A rule as it is for one port and for others: what of it hangs on the port is not known, and no port is named. */
function overPorts(rule: RuleTrace, elsewhere: readonly Truth[], fact: string): RuleTrace {
  const mismatches = rule.mismatches.filter(({ kind }) => kind !== 'port');
  if (elsewhere.every((matched) => matched === rule.matched))
    return mismatches.length > 0 || rule.matched !== 'no' ? { ...rule, mismatches } : rule;
  return { ...rule, matched: 'unknown', mismatches: [...mismatches, { kind: 'missingFact', fact }] };
}

function unknownBecause(fact: string, isolatedBy: DirectionVerdict['isolatedBy']): DirectionVerdict {
  return { verdict: 'unknown', isolatedBy, missing: [fact] };
}
