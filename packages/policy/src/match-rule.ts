/**
 * Whether a rule matches a flow, and every condition of it that does not hold.
 *
 * Conditions are asked in the same order by {@link ruleMismatches}, which explains, and by
 * {@link ruleMatches}, which stops at the first that fails.
 */
import { type Address, type AddressRange, addressRangesContain, portRangesContain } from '@weir/net';
import type { Endpoint, NamedPort } from './endpoint.ts';
import type { IcmpMessages, Match, Rule, Side } from './model.ts';
import type { PolicyWorld } from './policy-world.ts';
import { negation, selectorMismatches, selectorTruth } from './selector-truth.ts';
import type { FlowEnd, FlowQuestion, Mismatch, SideName, Truth } from './verdict.ts';

/** Whether the rule matches the flow. */
export function ruleMatches(world: PolicyWorld, { match }: Rule, flow: FlowQuestion): Truth {
  if (match.protocol !== undefined && match.protocol !== flow.protocol) return 'no';
  if (match.notProtocol === flow.protocol) return 'no';
  return both(both(icmpMatches(match, flow), familyMatches(match, flow)), () => sidesMatch(world, match, flow));
}

/** `no` when either is; the second is asked only when the first is not. */
function both(first: Truth, second: Truth | (() => Truth)): Truth {
  if (first === 'no') return 'no';
  const other = typeof second === 'function' ? second() : second;
  return first === 'yes' || other === 'no' ? other : 'unknown';
}

function familyMatches({ family }: Match, flow: FlowQuestion): Truth {
  if (family === undefined) return 'yes';
  const actual = familyOf(flow);
  return actual === undefined ? 'unknown' : actual === family ? 'yes' : 'no';
}

function icmpMatches({ icmp, notIcmp }: Match, flow: FlowQuestion): Truth {
  const wanted = icmp === undefined ? 'yes' : isMessage(icmp, flow);
  return notIcmp === undefined ? wanted : both(wanted, negation(isMessage(notIcmp, flow)));
}

function isMessage({ type, code }: IcmpMessages, { icmp }: FlowQuestion): Truth {
  if (icmp === undefined) return 'unknown';
  return type === icmp.type && (code === undefined || code === icmp.code) ? 'yes' : 'no';
}

/** Every condition of the rule that does not hold or cannot be decided; empty when it matches. */
export function ruleMismatches(world: PolicyWorld, { match }: Rule, flow: FlowQuestion): Mismatch[] {
  const mismatches: Mismatch[] = [];
  if (match.protocol !== undefined && match.protocol !== flow.protocol) {
    mismatches.push({ kind: 'protocol', wanted: match.protocol, actual: flow.protocol });
  }
  if (match.notProtocol === flow.protocol) mismatches.push({ kind: 'notProtocol', unwanted: flow.protocol });
  mismatches.push(...icmpMismatches(match, flow));
  const family = familyMatches(match, flow);
  if (family === 'unknown') mismatches.push({ kind: 'missingFact', fact: 'the IP family of the flow' });
  if (family === 'no' && match.family !== undefined) mismatches.push({ kind: 'family', wanted: match.family });
  mismatches.push(...sideMismatches(world, match.source, flow, 'source'));
  mismatches.push(...sideMismatches(world, match.destination, flow, 'destination'));
  return mismatches;
}

function icmpMismatches({ icmp, notIcmp }: Match, flow: FlowQuestion): Mismatch[] {
  if (icmp === undefined && notIcmp === undefined) return [];
  if (flow.icmp === undefined) return [{ kind: 'missingFact', fact: 'the type of the ICMP message' }];
  return [
    ...(icmp !== undefined && isMessage(icmp, flow) === 'no' ? [{ kind: 'icmp', wanted: icmp, negated: false } as const] : []),
    ...(notIcmp !== undefined && isMessage(notIcmp, flow) === 'yes' ? [{ kind: 'icmp', wanted: notIcmp, negated: true } as const] : []),
  ];
}

function sidesMatch(world: PolicyWorld, match: Rule['match'], flow: FlowQuestion): Truth {
  const destination = sideMatches(world, match.destination, flow, 'destination');
  if (destination === 'no') return 'no';
  const source = sideMatches(world, match.source, flow, 'source');
  return source === 'yes' ? destination : source;
}

function sideMatches(world: PolicyWorld, side: Side, flow: FlowQuestion, name: SideName): Truth {
  if (!portMatches(side, flow, name) || portExcluded(side, flow, name)) return 'no';
  const end = flow[name];
  let result: Truth = 'yes';
  for (const truth of [
    side.selector === undefined ? 'yes' : endSelected(world, side.selector, end),
    side.notSelector === undefined ? 'yes' : negation(endSelected(world, side.notSelector, end)),
    side.nets === undefined ? 'yes' : endInNets(world, side.nets, end),
    side.notNets === undefined ? 'yes' : negation(endInNets(world, side.notNets, end)),
  ] as const) {
    if (truth === 'no') return 'no';
    if (truth === 'unknown') result = 'unknown';
  }
  return result;
}

function sideMismatches(world: PolicyWorld, side: Side, flow: FlowQuestion, name: SideName): Mismatch[] {
  const end = flow[name];
  const mismatches: Mismatch[] = [];
  if (side.selector !== undefined) {
    if (end.kind === 'endpoint') mismatches.push(...selectorMismatches(world, side.selector, end.endpoint, name));
    else mismatches.push({ kind: 'notAnEndpoint', side: name });
  }
  if (side.notSelector !== undefined && end.kind === 'endpoint') {
    const truth = selectorTruth(world, side.notSelector, end.endpoint);
    if (truth === 'yes') mismatches.push({ kind: 'notSelector', side: name, unwanted: side.notSelector });
    if (truth === 'unknown') mismatches.push({ kind: 'missingFact', fact: `the labels of namespace ${end.endpoint.namespace}` });
  }
  for (const negated of [false, true]) {
    const nets = negated ? side.notNets : side.nets;
    if (nets === undefined) continue;
    const inside = endInNets(world, nets, end);
    if (inside === 'unknown') mismatches.push({ kind: 'missingFact', fact: `the address of ${describeEnd(end)}` });
    else if ((inside === 'yes') === negated) mismatches.push({ kind: 'net', side: name, negated });
  }
  if (!portMatches(side, flow, name)) mismatches.push(portMismatch(side, flow, name));
  const port = portOf(flow, name);
  if (port !== undefined && portExcluded(side, flow, name)) mismatches.push({ kind: 'notPort', side: name, actual: port });
  return mismatches;
}

/** Selectors are only ever asked of endpoints; anything else matches none. */
function endSelected(world: PolicyWorld, selector: NonNullable<Side['selector']>, end: FlowEnd): Truth {
  return end.kind === 'endpoint' ? selectorTruth(world, selector, end.endpoint) : 'no';
}

function endInNets(world: PolicyWorld, nets: readonly AddressRange[], end: FlowEnd): Truth {
  if (nets.length === 0) return 'no';
  if (end.kind === 'endpoint' && !world.profile.ipBlockMatchesPods) return 'no';
  if (end.kind === 'node' && !world.profile.ipBlockMatchesNodes) return 'no';
  if (end.address === undefined) return 'unknown';
  return addressRangesContain(nets, end.address) ? 'yes' : 'no';
}

/** Ports and named ports are one alternative together; a named port is the end's own. */
function portMatches({ ports, namedPorts }: Side, flow: FlowQuestion, name: SideName): boolean {
  return (ports === undefined && namedPorts === undefined) || isPortOf({ ports, namedPorts }, flow, name);
}

/** What has no port is in no exclusion. */
function portExcluded({ notPorts, notNamedPorts }: Side, flow: FlowQuestion, name: SideName): boolean {
  return (notPorts !== undefined || notNamedPorts !== undefined) && isPortOf({ ports: notPorts, namedPorts: notNamedPorts }, flow, name);
}

interface PortAlternatives {
  readonly ports: Side['ports'] | undefined;
  readonly namedPorts: Side['namedPorts'] | undefined;
}

function isPortOf({ ports, namedPorts }: PortAlternatives, flow: FlowQuestion, name: SideName): boolean {
  const port = portOf(flow, name);
  if (port === undefined) return false;
  if (ports !== undefined && portRangesContain(ports, port)) return true;
  const end = flow[name];
  if (namedPorts === undefined || end.kind !== 'endpoint') return false;
  return end.endpoint.namedPorts.some(
    (named) => named.port === port && named.protocol === flow.protocol && namedPorts.includes(named.name),
  );
}

function portMismatch({ ports = [], namedPorts = [] }: Side, flow: FlowQuestion, name: SideName): Mismatch {
  const end = flow[name];
  const actual = portOf(flow, name);
  const carried: readonly NamedPort[] = end.kind === 'endpoint' ? end.endpoint.namedPorts : [];
  const named = carried.filter((port) => port.protocol === flow.protocol && namedPorts.includes(port.name));
  return {
    kind: 'port',
    side: name,
    wanted: ports,
    wantedNames: namedPorts,
    named: named.map((port) => ({ name: port.name, port: port.port })),
    ...(actual === undefined ? {} : { actual }),
  };
}

function portOf(flow: FlowQuestion, name: SideName): number | undefined {
  return name === 'source' ? flow.sourcePort : flow.destinationPort;
}

function familyOf(flow: FlowQuestion): 4 | 6 | undefined {
  return addressOf(flow.source)?.family ?? addressOf(flow.destination)?.family;
}

function addressOf(end: FlowEnd): Address | undefined {
  return end.address;
}

/** A pod as `namespace/name`, anything else by its name or as an address. */
function describeEnd(end: FlowEnd): string {
  if (end.kind === 'endpoint') return `pod ${podName(end.endpoint)}`;
  return end.kind === 'node' ? `node ${end.node.name}` : 'the peer';
}

/** `namespace/name`. */
export function podName({ namespace, name }: Pick<Endpoint, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
