/**
 * A rule of a policy about host endpoints as the rules of programs that it becomes.
 *
 * What passes an interface is for anybody, so what the rule asks of its own end is tested on the packet, as Calico's data
 * planes do. Names of own ports are the endpoint's where its node is the end; where others are, names are those of pods.
 */

import type { Direction, Rule, Side } from '@weir/model';
import { allPorts, hasPorts, type ProtocolNumber, protocolNumber, subtractPortRanges } from '@weir/net';
import { addressPortSet, addressSet, rangeSet, readingFor } from '../delta/set-spec.ts';
import { planRule } from './plan-rule.ts';
import type { BlockLimits, PlannedRule, PlannedTest } from './planned-rule.ts';

const transports: readonly ProtocolNumber[] = [protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP];

/** The rules for packets from and to the node itself. */
export function planNodeRule(rule: Rule, direction: Direction, limits: BlockLimits): PlannedRule[] {
  const local = localEnd(rule, direction);
  return isImpossible(local)
    ? []
    : planRule(withLocal(rule, direction, portsAlone(local)), direction, limits).map((planned) => at(planned, testsOf(local, rule)));
}

/** The rules for packets of which the own end may be anybody. */
export function planTransitRule(rule: Rule, direction: Direction, limits: BlockLimits): PlannedRule[] {
  const local = localEnd(rule, direction);
  if ((local.namedPorts ?? local.notNamedPorts) === undefined) return planNodeRule(rule, direction, limits);
  // Nobody says by which names ports of sources go, so such a rule lets nothing through and is about all ports where it denies.
  if (direction === 'egress')
    return rule.action === 'deny' ? planNodeRule(withLocal(rule, direction, withoutNames(local)), direction, limits) : [];
  const { protocol } = rule.match;
  return (protocol === undefined ? transports : [protocol]).flatMap((one) =>
    hasPorts(one) ? planNamed({ ...rule, match: { ...rule.match, protocol: one } }, one, limits) : [],
  );
}

/** By number and by name, for a rule of ingress. */
function planNamed(rule: Rule, protocol: ProtocolNumber, limits: BlockLimits): PlannedRule[] {
  const local = rule.match.destination;
  const { namedPorts, notNamedPorts, ports, notPorts, selector = { kind: 'all' } } = local;
  const named = (names: readonly string[], negated: boolean): PlannedTest => ({
    spec: addressPortSet({
      selector: negated ? { kind: 'all' } : selector,
      reading: readingFor(rule.action, negated),
      protocol,
      names,
      ...(negated || notPorts === undefined ? {} : { ports: subtractPortRanges(allPorts, notPorts) }),
      ...(negated || notNamedPorts === undefined ? {} : { notNames: notNamedPorts }),
    }),
    negated,
  });
  const plan = (side: Side, test: PlannedTest | undefined): PlannedRule[] => {
    const planned = planNodeRule(withLocal(rule, 'ingress', side), 'ingress', limits);
    return test === undefined ? planned : planned.map((one) => at(one, [test]));
  };
  const excluded = notNamedPorts === undefined || notNamedPorts.length === 0 ? undefined : named(notNamedPorts, true);
  const byNumber = ports !== undefined || namedPorts === undefined ? plan(withoutNames(local), excluded) : [];
  if (namedPorts === undefined || namedPorts.length === 0) return byNumber;
  const { ports: _, notPorts: __, ...addresses } = withoutNames(local);
  return [...byNumber, ...plan(addresses, named(namedPorts, false)).map((one) => ({ ...one, identity: `${one.identity} own names` }))];
}

function localEnd({ match }: Rule, direction: Direction): Side {
  return direction === 'ingress' ? match.destination : match.source;
}

function withLocal(rule: Rule, direction: Direction, side: Side): Rule {
  return { ...rule, match: { ...rule.match, [direction === 'ingress' ? 'destination' : 'source']: side } };
}

function portsAlone({ ports, namedPorts, notPorts, notNamedPorts }: Side): Side {
  return {
    ...(ports === undefined ? {} : { ports }),
    ...(namedPorts === undefined ? {} : { namedPorts }),
    ...(notPorts === undefined ? {} : { notPorts }),
    ...(notNamedPorts === undefined ? {} : { notNamedPorts }),
  };
}

function withoutNames(side: Side): Side {
  const { namedPorts: _, notNamedPorts: __, ...others } = side;
  return others;
}

function isImpossible({ selector, nets }: Side): boolean {
  return selector?.kind === 'none' || nets?.length === 0;
}

function testsOf({ selector, notSelector, nets, notNets = [] }: Side, { action }: Rule): PlannedTest[] {
  return [
    ...(selector === undefined ? [] : [{ spec: addressSet(selector, readingFor(action, false)), negated: false }]),
    ...(notSelector === undefined ? [] : [{ spec: addressSet(notSelector, readingFor(action, true)), negated: true }]),
    ...(nets === undefined ? [] : [{ spec: rangeSet(nets), negated: false }]),
    ...(notNets.length === 0 ? [] : [{ spec: rangeSet(notNets), negated: true }]),
  ];
}

function at(planned: PlannedRule, tests: readonly PlannedTest[]): PlannedRule {
  return tests.length === 0 ? planned : { ...planned, local: [...(planned.local ?? []), ...tests] };
}
