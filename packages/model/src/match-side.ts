/** Whether one end of a flow is what a rule asks of it, and what of it fails: labels, addresses, groups, nodes, ports. */
import { type AddressRange, type Family, portRangesContain } from '@weir/net';
import { addressInRanges, familyOfFlow } from './address-truth.ts';
import { type NamedPort, podName } from './endpoint.ts';
import { type AddressGroupName, isGroupOfPorts, type Side } from './model.ts';
import type { PolicyWorld } from './policy-world.ts';
import { negation, selectorMismatches, selectorTruth } from './selector-truth.ts';
import type { FlowEnd, FlowQuestion, Mismatch, SideName, Truth } from './verdict.ts';

/** Whether one end of the flow is what the rule asks of it. */
export function sideMatches(world: PolicyWorld, side: Side, flow: FlowQuestion, name: SideName): Truth {
  if (!portMatches(side, flow, name) || portExcluded(side, flow, name)) return 'no';
  const end = flow[name];
  const family = familyOfFlow(flow);
  let result: Truth = 'yes';
  for (const truth of [
    side.selector === undefined ? 'yes' : endSelected(world, side.selector, end),
    side.notSelector === undefined ? 'yes' : negation(endSelected(world, side.notSelector, end)),
    side.nets === undefined ? 'yes' : endInNets(world, side.nets, end, family),
    side.notNets === undefined ? 'yes' : negation(addressInRanges(world, side.notNets, end, family)),
    side.groups === undefined ? 'yes' : endInGroups(world, side.groups, flow, name),
    side.node === undefined ? 'yes' : endIsNode(side.node, flow, name),
    side.nodes === undefined ? 'yes' : endInNodes(world, side.nodes, end),
    side.outside === undefined || end.kind === 'address' ? 'yes' : 'no',
  ] as const) {
    if (truth === 'no') return 'no';
    if (truth === 'unknown') result = 'unknown';
  }
  return result;
}

/** What of it one end of the flow is not, or may not be. */
export function sideMismatches(world: PolicyWorld, side: Side, flow: FlowQuestion, name: SideName): Mismatch[] {
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
    const inside = negated ? addressInRanges(world, nets, end, familyOfFlow(flow)) : endInNets(world, nets, end, familyOfFlow(flow));
    if (inside === 'unknown') mismatches.push({ kind: 'missingFact', fact: `the address of ${describeEnd(end)}` });
    else if ((inside === 'yes') === negated) mismatches.push({ kind: 'net', side: name, negated });
  }
  mismatches.push(...placeMismatches(world, side, flow, name));
  if (!portMatches(side, flow, name)) mismatches.push(portMismatch(side, flow, name));
  const port = portOf(flow, name);
  if (port !== undefined && portExcluded(side, flow, name)) mismatches.push({ kind: 'notPort', side: name, actual: port });
  return mismatches;
}

/** What fails of groups and nodes. */
function placeMismatches(world: PolicyWorld, { groups, node, nodes, outside }: Side, flow: FlowQuestion, name: SideName): Mismatch[] {
  const mismatches: Mismatch[] = [];
  const add = (truth: Truth, mismatch: Mismatch): void => {
    if (truth === 'no') mismatches.push(mismatch);
    if (truth === 'unknown') mismatches.push({ kind: 'missingFact', fact: `the address of ${describeEnd(flow[name])}` });
  };
  if (groups !== undefined) add(endInGroups(world, groups, flow, name), { kind: 'group', side: name, wanted: groups });
  if (node !== undefined) add(endIsNode(node, flow, name), { kind: 'node', side: name, wanted: node });
  if (nodes !== undefined) add(endInNodes(world, nodes, flow[name]), { kind: 'node', side: name, wanted: 'some' });
  if (outside !== undefined && flow[name].kind !== 'address') mismatches.push({ kind: 'outside', side: name });
  return mismatches;
}

/** Services are destinations only on the ports that they serve. */
function endInGroups(world: PolicyWorld, groups: readonly AddressGroupName[], flow: FlowQuestion, name: SideName): Truth {
  if (groups.length === 0) return 'no';
  const { address } = flow[name];
  if (address === undefined) return 'unknown';
  const isIn = (group: AddressGroupName): boolean => {
    const members = world.inGroup(group, address);
    if (name === 'source' || !isGroupOfPorts(group)) return members.length > 0;
    const { protocol, destinationPort } = flow;
    return destinationPort !== undefined && members.some((member) => member.protocol === protocol && member.port === destinationPort);
  };
  return groups.some(isIn) ? 'yes' : 'no';
}

function endIsNode(wanted: 'own' | 'other', flow: FlowQuestion, name: SideName): Truth {
  const end = flow[name];
  const subject = flow[name === 'source' ? 'destination' : 'source'];
  if (end.kind !== 'node' || subject.kind === 'address') return 'no';
  const own = subject.kind === 'node' ? subject.node.name : subject.endpoint.node;
  return (end.node.name === own) === (wanted === 'own') ? 'yes' : 'no';
}

function endInNodes(world: PolicyWorld, nodes: readonly AddressRange[], end: FlowEnd): Truth {
  if (end.kind !== 'node' || nodes.length === 0) return 'no';
  return addressInRanges(world, nodes, end, undefined);
}

/** Selectors are only ever asked of endpoints; anything else matches none. */
function endSelected(world: PolicyWorld, selector: NonNullable<Side['selector']>, end: FlowEnd): Truth {
  return end.kind === 'endpoint' ? selectorTruth(world, selector, end.endpoint) : 'no';
}

/** Blocks mean only whom the engine lets them mean; what a rule excludes is excluded whoever the end is. */
function endInNets(world: PolicyWorld, nets: readonly AddressRange[], end: FlowEnd, family: Family | undefined): Truth {
  if (end.kind === 'endpoint' && !world.profile.ipBlockMatchesPods) return 'no';
  if (end.kind === 'node' && !world.profile.ipBlockMatchesNodes) return 'no';
  return addressInRanges(world, nets, end, family);
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
  if (namedPorts === undefined) return false;
  return namedPortsAt(flow[name]).some(
    (named) => named.port === port && named.protocol === flow.protocol && namedPorts.includes(named.name),
  );
}

function portMismatch({ ports = [], namedPorts = [], clusterPorts = [] }: Side, flow: FlowQuestion, name: SideName): Mismatch {
  const actual = portOf(flow, name);
  const named = namedPortsAt(flow[name]).filter((port) => port.protocol === flow.protocol && namedPorts.includes(port.name));
  return {
    kind: 'port',
    side: name,
    wanted: ports,
    wantedNames: namedPorts,
    namesWithoutNumber: clusterPorts.flatMap((of) => (of.port === undefined ? [of.name] : [])),
    named: named.map((port) => ({ name: port.name, port: port.port })),
    ...(actual === undefined ? {} : { actual }),
  };
}

function namedPortsAt(end: FlowEnd): readonly NamedPort[] {
  if (end.kind === 'address') return [];
  return end.kind === 'endpoint' ? end.endpoint.namedPorts : (end.host?.namedPorts ?? []);
}

function portOf(flow: FlowQuestion, name: SideName): number | undefined {
  return name === 'source' ? flow.sourcePort : flow.destinationPort;
}

/** A pod as `namespace/name`, anything else by its name or as an address. */
function describeEnd(end: FlowEnd): string {
  if (end.kind === 'endpoint') return `pod ${podName(end.endpoint)}`;
  return end.kind === 'node' ? `node ${end.node.name}` : 'the peer';
}
