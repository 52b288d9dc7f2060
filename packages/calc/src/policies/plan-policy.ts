/**
 * A policy's rules in the shape of programs, before what depends on the endpoint is filled in.
 *
 * A planned rule knows its sets and its ports; its id and, for ingress, the numbers behind port
 * names come later: the id from the table of all rules in use, the numbers from the local endpoint.
 */
import { type AddressRange, assert, hasPorts, type PortRange, type ProtocolNumber, protocolNumber } from '@weir/net';
import type { Action, Direction, Origin, Policy, PolicyRef, Rule, Side } from '@weir/policy';
import { addressPortSet, addressSet, familyRange, rangeSet, readingFor, type SetSpec } from '../delta/set-spec.ts';
import { mergeBlocks } from './merge-blocks.ts';

/** One rule of a program, but for its id and its local port names. */
export interface PlannedRule {
  /** What the id stands for: unlike that of any other rule of any policy. */
  readonly identity: string;
  readonly action: Action;
  readonly peer: readonly { readonly spec: SetSpec; readonly negated: boolean }[];
  readonly protocol?: ProtocolNumber;
  readonly ports?: readonly PortRange[];
  /** Names of ports of the local endpoint, one alternative together with `ports`. */
  readonly localNames?: readonly string[];
  readonly origin: Origin;
}

/** A policy's rules by direction; a direction that it says nothing about is absent. */
export interface PlannedPolicy {
  /** Whether a rule names a port of the local endpoint. */
  readonly usesLocalNames: boolean;
  readonly ingress?: readonly PlannedRule[];
  readonly egress?: readonly PlannedRule[];
}

/** The protocols that a port without a protocol can be of. */
const transports: readonly ProtocolNumber[] = [protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP];

/** Whom the addresses of blocks do not mean, although they have such addresses. */
export interface BlockLimits {
  readonly withoutPods: boolean;
  /** Normalised. */
  readonly without: readonly AddressRange[];
}

/** Plans both directions of a policy. */
export function planPolicy(policy: Policy, limits: BlockLimits = { withoutPods: false, without: [] }): PlannedPolicy {
  const name = policyIdentity(policy.ref);
  const plan = (direction: Direction, rules: readonly Rule[]): PlannedRule[] => {
    const taken = new Map<string, number>();
    return mergeBlocks(rules)
      .flatMap((rule) => {
        const planned = planRule(rule, direction);
        const remote = direction === 'ingress' ? rule.match.source : rule.match.destination;
        return remote.nets === undefined ? planned : planned.map((one) => limitBlocks(one, limits));
      })
      .map((planned) => ({ ...planned, identity: unique(`${name} ${planned.identity}`, taken) }));
  };
  const usesLocalNames = policy.ingress?.rules.some(({ match }) => match.destination.namedPorts !== undefined) ?? false;
  return {
    usesLocalNames,
    ...(policy.ingress === undefined ? {} : { ingress: plan('ingress', policy.ingress.rules) }),
    ...(policy.egress === undefined ? {} : { egress: plan('egress', policy.egress.rules) }),
  };
}

/** The kind, namespace and name of a policy as one text. */
export function policyIdentity({ apiVersion, kind, namespace, name }: PolicyRef): string {
  return `${apiVersion}/${kind}/${namespace ?? ''}/${name}`;
}

/** The rules of programs that one rule of the model becomes; a rule that matches nothing becomes none. */
function planRule(rule: Rule, direction: Direction): PlannedRule[] {
  const { source, destination, protocol } = rule.match;
  const local = direction === 'ingress' ? destination : source;
  const remote = direction === 'ingress' ? source : destination;
  // The programs of endpoints have no place for these; the compilers in use never make them.
  assert(!asksOfAddress(local), 'a rule asks for labels or addresses of the endpoint that its policy selects');
  assert(source.ports === undefined && source.namedPorts === undefined, 'a rule asks for source ports');
  assert(
    [source, destination].every(({ groups, node, nodes }) => (groups ?? node ?? nodes) === undefined),
    'a rule asks for groups or nodes',
  );
  assert(!excludes(rule.match), 'a rule excludes ports or protocols, or asks for ICMP messages');
  if (remote.nets?.length === 0 || remote.selector?.kind === 'none') return [];
  if (destination.ports === undefined && destination.namedPorts === undefined) return [draft(rule, { remote, protocol, variant: '' })];
  const protocols = protocol === undefined ? transports : [protocol];
  return protocols.flatMap((one) => {
    assert(hasPorts(one), `a rule asks for ports of protocol ${one}, which has none`);
    return direction === 'ingress' ? planLocalPorts(rule, remote, one) : planRemotePorts(rule, remote, one);
  });
}

function asksOfAddress({ selector, notSelector, nets, notNets }: Side): boolean {
  return selector !== undefined || notSelector !== undefined || nets !== undefined || notNets !== undefined;
}

function excludes({ source, destination, notProtocol, icmp, notIcmp }: Rule['match']): boolean {
  const excluded = [source, destination].flatMap(({ notPorts, notNamedPorts }) => [notPorts, notNamedPorts]);
  return [notProtocol, icmp, notIcmp, ...excluded].some((each) => each !== undefined);
}

function planLocalPorts(rule: Rule, remote: Side, protocol: ProtocolNumber): PlannedRule[] {
  const { ports = [], namedPorts } = rule.match.destination;
  const planned = draft(rule, { remote, protocol, variant: '' });
  return [{ ...planned, ports, ...(namedPorts === undefined ? {} : { localNames: namedPorts }) }];
}

/** Numbers and names of remote ports are two rules: the numbers are the rule's, the names the peers'. */
function planRemotePorts(rule: Rule, remote: Side, protocol: ProtocolNumber): PlannedRule[] {
  const { ports, namedPorts: names } = rule.match.destination;
  const planned: PlannedRule[] = [];
  if (ports !== undefined && ports.length > 0) planned.push({ ...draft(rule, { remote, protocol, variant: '' }), ports });
  if (names !== undefined && names.length > 0) planned.push(draft(rule, { remote, protocol, variant: ' named', names }));
  return planned;
}

interface Shape {
  readonly remote: Side;
  readonly protocol: ProtocolNumber | undefined;
  readonly variant: string;
  readonly names?: readonly string[];
}

function draft(rule: Rule, { remote, protocol, variant, names }: Shape): PlannedRule {
  const { origin, action } = rule;
  return {
    identity: `${origin.direction} ${origin.ruleIndex} ${origin.peerIndex ?? ''} ${protocol ?? 'any'}${variant}`,
    action,
    peer: peerTests(rule, remote, names === undefined || protocol === undefined ? undefined : { names, protocol }),
    ...(protocol === undefined ? {} : { protocol }),
    origin,
  };
}

function peerTests(
  { action, match }: Rule,
  remote: Side,
  named: { readonly names: readonly string[]; readonly protocol: ProtocolNumber } | undefined,
): { spec: SetSpec; negated: boolean }[] {
  const tests: { spec: SetSpec; negated: boolean }[] = [];
  const reading = readingFor(action, false);
  if (named !== undefined) {
    const selector = remote.selector ?? { kind: 'all' };
    tests.push({ spec: addressPortSet({ selector, reading, ...named }), negated: false });
  } else if (remote.selector !== undefined) {
    tests.push({ spec: addressSet(remote.selector, reading), negated: false });
  }
  if (remote.notSelector !== undefined) tests.push({ spec: addressSet(remote.notSelector, readingFor(action, true)), negated: true });
  if (remote.nets !== undefined) tests.push({ spec: rangeSet(remote.nets), negated: false });
  if (remote.notNets !== undefined && remote.notNets.length > 0) tests.push({ spec: rangeSet(remote.notNets), negated: true });
  if (match.family !== undefined) tests.push({ spec: rangeSet([familyRange(match.family)]), negated: false });
  return tests;
}

/** A rule about blocks, but not about those whom blocks do not mean; what is uncertain is read as in an exclusion of the rule. */
function limitBlocks(planned: PlannedRule, { withoutPods, without }: BlockLimits): PlannedRule {
  const limits: PlannedRule['peer'][number][] = [];
  if (withoutPods) limits.push({ spec: addressSet({ kind: 'all' }, readingFor(planned.action, true)), negated: true });
  if (without.length > 0) limits.push({ spec: rangeSet(without), negated: true });
  return limits.length === 0 ? planned : { ...planned, peer: [...planned.peer, ...limits] };
}

/** Tells apart rules of one policy that the origin alone does not. */
function unique(identity: string, taken: Map<string, number>): string {
  const earlier = taken.get(identity) ?? 0;
  taken.set(identity, earlier + 1);
  return earlier === 0 ? identity : `${identity} #${earlier + 1}`;
}
