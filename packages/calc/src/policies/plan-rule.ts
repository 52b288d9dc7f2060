/**
 * One rule of the model as the rules of programs that it becomes: none when it can match nothing, one for each
 * protocol where ports are asked for without one, and for ports of peers one by number and one by name.
 */

import { asksOfEnd, type Direction, isGroupOfPorts, type Rule, type Side } from '@weir/model';
import {
  type AddressRange,
  allPorts,
  assert,
  defined,
  hasPorts,
  type PortRange,
  subtractPortRanges,
  unionOfAddressRanges,
} from '@weir/net';
import { addressPortSet, addressSet, familyRange, groupPortSet, groupSet, rangeSet, readingFor, type SetSpec } from '../delta/set-spec.ts';
import { localNamesOf, messagesOf, numbersOf, type Protocols, protocolsOf } from './plan-ports.ts';
import type { BlockLimits, PlannedRule } from './planned-rule.ts';

type PeerTests = PlannedRule['peer'];

/** A rule, seen from the endpoint that its policy selects. */
interface SeenRule extends Protocols {
  readonly rule: Rule;
  readonly direction: Direction;
  readonly local: Side;
  readonly remote: Side;
  /** The nodes that it means; all must hold the peer. */
  readonly places: readonly (readonly AddressRange[])[];
}

/** One way in which a peer can be what the rule asks for. */
interface Alternative {
  readonly variant: string;
  readonly tests: PeerTests;
  /** The peer's ports; absent: any, or said by the tests. */
  readonly ports?: readonly PortRange[];
}

/** The rules of programs that one rule of the model becomes. */
export function planRule(rule: Rule, direction: Direction, limits: BlockLimits): PlannedRule[] {
  const { source, destination } = rule.match;
  const [local, named] = direction === 'ingress' ? [destination, source] : [source, destination];
  const remote = withoutNamesOutside(named);
  // Rules about the selected endpoint are in parts of policies that select it.
  assert(!asksOfEnd(local), 'a rule asks for labels or addresses of the endpoint that its policy selects');
  const places = placesOf(remote, limits);
  if ([remote.nets, remote.groups, ...places].some((list) => list?.length === 0) || remote.selector?.kind === 'none') return [];
  return alternativeGroups(remote, direction).flatMap((one) =>
    protocolsOf(rule.match, servesPorts(one, direction)).flatMap((protocols) =>
      planProtocol({ rule, direction, local, remote: one, places, ...protocols }),
    ),
  );
}

/** Only pods have names of ports: what is outside has none of those that are wanted, and none of those that are excluded. */
function withoutNamesOutside(remote: Side): Side {
  const { namedPorts, notNamedPorts: _, ...others } = remote;
  if (remote.outside !== true) return remote;
  return namedPorts === undefined ? others : { ...others, ports: others.ports ?? [] };
}

/** Destinations on the ports that they serve, and those on any port, are rules apart. */
function alternativeGroups(remote: Side, direction: Direction): Side[] {
  const { groups } = remote;
  if (groups === undefined || direction === 'ingress') return [remote];
  const kinds = [groups.filter((name) => !isGroupOfPorts(name)), groups.filter((name) => isGroupOfPorts(name))];
  return kinds.filter(({ length }) => length > 0).map((names) => ({ ...remote, groups: names }));
}

function servesPorts({ groups }: Side, direction: Direction): boolean {
  return direction === 'egress' && groups?.some(isGroupOfPorts) === true;
}

function placesOf({ node, nodes }: Side, { ownNode, otherNodes }: BlockLimits): (readonly AddressRange[])[] {
  return [
    ...(node === undefined ? [] : [node === 'own' ? ownNode : otherNodes]),
    ...(nodes === undefined ? [] : [nodes, unionOfAddressRanges([...ownNode, ...otherNodes])]),
  ];
}

function planProtocol(seen: SeenRule): PlannedRule[] {
  const { rule, direction, local, protocol, notProtocol } = seen;
  const [ownField, peerField] = direction === 'ingress' ? (['ports', 'sourcePorts'] as const) : (['sourcePorts', 'ports'] as const);
  const isTransport = protocol !== undefined && hasPorts(protocol);
  const localNames = isTransport ? localNamesOf(local) : undefined;
  const own = isTransport && localNames === undefined ? numbersOf(local) : undefined;
  return alternativesOf(seen, isTransport).flatMap(({ variant, tests, ports }): PlannedRule[] => {
    const planned: PlannedRule = {
      identity: identityOf(seen, variant),
      action: rule.action,
      peer: tests,
      ...(protocol === undefined ? {} : { protocol }),
      ...(notProtocol === undefined ? {} : { notProtocol }),
      ...(isTransport ? {} : messagesOf(rule.match)),
      ...(own === undefined ? {} : { [ownField]: own }),
      ...(ports === undefined ? {} : { [peerField]: ports }),
      ...(localNames === undefined ? {} : { localNames }),
      origin: rule.origin,
    };
    return planned.ports?.length === 0 || planned.sourcePorts?.length === 0 ? [] : [planned];
  });
}

function identityOf({ rule: { origin }, protocol, notProtocol }: SeenRule, variant: string): string {
  const protocols = protocol ?? (notProtocol === undefined ? 'any' : `!${notProtocol}`);
  return `${origin.direction} ${origin.ruleIndex} ${origin.peerIndex ?? ''} ${protocols}${variant}`;
}

/** The ways in which a peer and its ports can be what is asked for: by number, by name, or as a service has it. */
function alternativesOf(seen: SeenRule, isTransport: boolean): Alternative[] {
  const { direction, remote } = seen;
  const ports = isTransport ? numbersOf(remote) : undefined;
  if (servesPorts(remote, direction)) return ports?.length === 0 ? [] : [serviceAlternative(seen, ports)];
  const group = remote.groups === undefined ? [] : [groupSet(remote.groups)];
  const plain: Alternative = {
    variant: '',
    tests: peerTests(seen, [...selected(seen), ...group]),
    ...(ports === undefined ? {} : { ports }),
  };
  const { namedPorts } = remote;
  if (seen.protocol === undefined || !isTransport) return [plain];
  const byNumber = remote.ports !== undefined || namedPorts === undefined ? [withoutNames(seen, plain)] : [];
  return namedPorts === undefined || namedPorts.length === 0 ? byNumber : [...byNumber, namedAlternative(seen, namedPorts, group)];
}

/** The alternative, but not on those ports of the peer that have an excluded name. */
function withoutNames({ rule, direction, remote, protocol }: SeenRule, plain: Alternative): Alternative {
  const names = remote.notNamedPorts ?? [];
  if (names.length === 0 || protocol === undefined) return plain;
  const spec = addressPortSet({ selector: { kind: 'all' }, reading: readingFor(rule.action, true), protocol, names });
  return { ...plain, tests: [...plain.tests, { spec, negated: true, ...portOfPeer(direction) }] };
}

/** What services serve; their ports are the only names that they have. */
function serviceAlternative(seen: SeenRule, ports: readonly PortRange[] | undefined): Alternative {
  const { remote } = seen;
  assert((remote.namedPorts ?? remote.notNamedPorts) === undefined, 'a rule asks for ports of services by name');
  const protocol = defined(seen.protocol, 'services serve ports of a protocol');
  const set = groupPortSet({ groups: remote.groups ?? [], protocol, ...(ports === undefined ? {} : { ports }) });
  return { variant: ' services', tests: peerTests(seen, [...selected(seen), set]) };
}

function namedAlternative(seen: SeenRule, names: readonly string[], group: readonly SetSpec[]): Alternative {
  const { remote, rule, direction } = seen;
  const { notPorts, notNamedPorts } = remote;
  const spec = addressPortSet({
    selector: remote.selector ?? { kind: 'all' },
    reading: readingFor(rule.action, false),
    protocol: defined(seen.protocol, 'ports have a protocol'),
    names,
    ...(notPorts === undefined ? {} : { ports: subtractPortRanges(allPorts, notPorts) }),
    ...(notNamedPorts === undefined ? {} : { notNames: notNamedPorts }),
  });
  return { variant: ' named', tests: [{ spec, negated: false, ...portOfPeer(direction) }, ...peerTests(seen, group)] };
}

/** Names are those of the port that the peer has: it sends from that in ingress. */
function portOfPeer(direction: Direction): Pick<PeerTests[number], 'port'> {
  return direction === 'ingress' ? { port: 'source' } : {};
}

function selected({ rule, remote }: SeenRule): SetSpec[] {
  return remote.selector === undefined ? [] : [addressSet(remote.selector, readingFor(rule.action, false))];
}

/** Everything that is asked of the peer's address: to be in these sets, and what the rule asks apart from labels, groups and ports. */
function peerTests({ rule: { action, match }, remote, places }: SeenRule, sets: readonly SetSpec[]): PeerTests {
  const tests = sets.map((spec) => ({ spec, negated: false }));
  if (remote.notSelector !== undefined) tests.push({ spec: addressSet(remote.notSelector, readingFor(action, true)), negated: true });
  if (remote.nets !== undefined) tests.push({ spec: rangeSet(remote.nets), negated: false });
  if (remote.notNets !== undefined && remote.notNets.length > 0) tests.push({ spec: rangeSet(remote.notNets), negated: true });
  for (const ranges of places) tests.push({ spec: rangeSet(ranges), negated: false });
  if (match.family !== undefined) tests.push({ spec: rangeSet([familyRange(match.family)]), negated: false });
  return tests;
}
