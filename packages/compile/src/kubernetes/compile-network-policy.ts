/**
 * networking.k8s.io/v1 NetworkPolicy into the model.
 *
 * A policy becomes one rule per rule × peer × protocol: the ports of one protocol are merged into
 * ranges and names, an absent or empty list of peers or ports asks nothing. A policy that is not
 * valid, or that has a field unknown here, is refused as a whole and never widened: there is no
 * policy then, and every error is a diagnostic with its place.
 */
import {
  checkNetworkPolicyShape,
  type DefaultedNetworkPolicy,
  defaultNetworkPolicy,
  type FieldError,
  type NetworkPolicy,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  type TextPosition,
  validateNetworkPolicy,
} from '@weir/kube';
import {
  type Direction,
  type DirectionRules,
  type EnforcementTarget,
  enforcementTarget,
  type Match,
  networkPolicyOrder,
  type Policy,
  type PolicyRef,
  type Rule,
  type Side,
} from '@weir/model';
import { addToGroup, assert, isTransportName, type PortRange, transportNumber, unionOfPortRanges } from '@weir/net';
import type { PolicyDiagnostic } from '../policy-diagnostic.ts';
import { refusalOf } from '../policy-refusal.ts';
import { compilePeerSelector, compilePodSelector } from './compile-selector.ts';
import { rangesOfIpBlock } from './ip-block-ranges.ts';
import { type UnsupportedField, unsupportedFields } from './unsupported-features.ts';

/** Finds the place of a field by its path (`spec.ingress[0]`, or '' for the whole object). */
export type PositionLookup = (path: string) => TextPosition | undefined;

/** What compiling gives: the policy, or nothing and at least one error. */
export interface CompiledPolicy {
  readonly policy?: Policy;
  readonly diagnostics: readonly PolicyDiagnostic[];
}

/** How to compile. */
export interface CompileOptions {
  /** Gives rules and diagnostics their places. */
  readonly positionOf?: PositionLookup;
  /** Which engine on which system has to express all of it. Default: `kubernetes` on Linux, which expresses everything. */
  readonly target?: EnforcementTarget;
}

const nowhere: PositionLookup = () => undefined;
const everything = enforcementTarget('kubernetes');

/** The namespace of an object that names none, as kubectl assumes it. */
const assumedNamespace = 'default';

/** Compiles a policy, defaulted or not. */
export function compileNetworkPolicy(
  policy: NetworkPolicy,
  { positionOf = nowhere, target = everything }: CompileOptions = {},
): CompiledPolicy {
  const shapeErrors = checkNetworkPolicyShape(policy);
  if (shapeErrors.length > 0) return { diagnostics: shapeErrors.map((error) => refusal(policy, error, positionOf)) };
  const defaulted = defaultNetworkPolicy(policy);
  const errors = validateNetworkPolicy(defaulted);
  if (errors.length > 0) return { diagnostics: errors.map((error) => refusal(policy, error, positionOf)) };
  const unsupported = unsupportedFields(defaulted, target);
  if (unsupported.length > 0) return { diagnostics: unsupported.map((field) => unsupportedRefusal(policy, field, positionOf)) };
  return { policy: new PolicyCompiler(defaulted, positionOf).compile(), diagnostics: [] };
}

/** Which object a NetworkPolicy is, for the model. */
export function networkPolicyRef(policy: NetworkPolicy): PolicyRef {
  const { namespace = assumedNamespace, name = '', uid } = policy.metadata;
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace, name, ...(uid === undefined ? {} : { uid }) };
}

function refusal(policy: NetworkPolicy, error: FieldError, positionOf: PositionLookup): PolicyDiagnostic {
  return { ...refusalOf(error), ...placed(policy, error.field, positionOf) };
}

function unsupportedRefusal(policy: NetworkPolicy, unsupported: UnsupportedField, positionOf: PositionLookup): PolicyDiagnostic {
  const { field, message, action } = unsupported;
  return {
    code: 'unsupported-policy',
    severity: 'error',
    message,
    action: `${action}; until then no part of this version of the policy is applied`,
    ...placed(policy, field, positionOf),
  };
}

function placed(policy: NetworkPolicy, field: string, positionOf: PositionLookup): Pick<PolicyDiagnostic, 'object' | 'field' | 'position'> {
  const { namespace = assumedNamespace, name = '' } = policy.metadata;
  const position = positionOf(field) ?? positionOf('');
  return { object: `NetworkPolicy ${namespace}/${name}`, field, ...(position === undefined ? {} : { position }) };
}

/** One peer of a rule, or the absence of peers. */
interface CompiledPeer {
  readonly side: Side;
  readonly peerIndex?: number;
  readonly path: string;
}

/** What the ports of one rule ask, for one protocol or for all. */
interface CompiledPorts {
  readonly protocol?: number;
  readonly destination: Pick<Side, 'ports' | 'namedPorts'>;
}

class PolicyCompiler {
  private readonly policy: DefaultedNetworkPolicy;
  private readonly positionOf: PositionLookup;
  private readonly ref: PolicyRef;
  private readonly namespace: string;

  constructor(policy: DefaultedNetworkPolicy, positionOf: PositionLookup) {
    this.policy = policy;
    this.positionOf = positionOf;
    this.ref = networkPolicyRef(policy);
    this.namespace = policy.metadata.namespace ?? assumedNamespace;
  }

  compile(): Policy {
    const { podSelector, policyTypes, ingress = [], egress = [] } = this.policy.spec;
    const ingressRules = ingress.map(({ from, ports }) => ({ peers: from, ports }));
    const egressRules = egress.map(({ to, ports }) => ({ peers: to, ports }));
    const source = this.position('');
    return {
      ref: this.ref,
      order: networkPolicyOrder,
      subject: compilePodSelector(podSelector, this.namespace),
      staged: false,
      ...(policyTypes.includes('Ingress') ? { ingress: this.compileDirection('ingress', ingressRules) } : {}),
      ...(policyTypes.includes('Egress') ? { egress: this.compileDirection('egress', egressRules) } : {}),
      ...(source === undefined ? {} : { source }),
    };
  }

  private compileDirection(
    direction: Direction,
    rules: readonly {
      readonly peers: readonly NetworkPolicyPeer[] | undefined;
      readonly ports: readonly NetworkPolicyPort[] | undefined;
    }[],
  ): DirectionRules {
    const compiled = rules.flatMap(({ peers = [], ports = [] }, ruleIndex): Rule[] => {
      const portGroups = compilePorts(ports);
      return this.compilePeers(direction, peers, ruleIndex).flatMap((peer) =>
        portGroups.map((group) => this.rule(direction, ruleIndex, peer, group)),
      );
    });
    return { isolates: true, rules: compiled };
  }

  private compilePeers(direction: Direction, peers: readonly NetworkPolicyPeer[], ruleIndex: number): CompiledPeer[] {
    const path = `spec.${direction}[${ruleIndex}]`;
    if (peers.length === 0) return [{ side: {}, path }];
    const list = direction === 'ingress' ? 'from' : 'to';
    return peers.map((peer, peerIndex) => ({ side: this.compilePeer(peer), peerIndex, path: `${path}.${list}[${peerIndex}]` }));
  }

  private compilePeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): Side {
    if (ipBlock !== undefined) return { nets: rangesOfIpBlock(ipBlock) };
    if (namespaceSelector === undefined) return { selector: compilePodSelector(podSelector ?? {}, this.namespace) };
    return { selector: compilePeerSelector(namespaceSelector, podSelector ?? {}) };
  }

  private rule(direction: Direction, ruleIndex: number, peer: CompiledPeer, { protocol, destination }: CompiledPorts): Rule {
    const ends =
      direction === 'ingress' ? { source: peer.side, destination } : { source: {}, destination: { ...peer.side, ...destination } };
    const match: Match = { ...(protocol === undefined ? {} : { protocol }), ...ends };
    const source = this.position(peer.path);
    return {
      action: 'allow',
      match,
      origin: {
        policy: this.ref,
        direction,
        ruleIndex,
        ...(peer.peerIndex === undefined ? {} : { peerIndex: peer.peerIndex }),
        ...(source === undefined ? {} : { source }),
      },
    };
  }

  private position(path: string): { file: string; line: number } | undefined {
    const position = this.positionOf(path);
    return position === undefined ? undefined : { file: position.file, line: position.line };
  }
}

/** One group per protocol in order of appearance; a port without number and name takes them all. */
function compilePorts(ports: readonly NetworkPolicyPort[]): CompiledPorts[] {
  if (ports.length === 0) return [{ destination: {} }];
  const byProtocol = new Map<number, NetworkPolicyPort[]>();
  for (const port of ports) {
    const name = port.protocol ?? 'TCP';
    assert(isTransportName(name), `validation let the protocol ${name} through`);
    const protocol = transportNumber(name);
    addToGroup(byProtocol, protocol, port);
  }
  return [...byProtocol].map(([protocol, group]) => ({ protocol, destination: compilePortGroup(group) }));
}

function compilePortGroup(group: readonly NetworkPolicyPort[]): Pick<Side, 'ports' | 'namedPorts'> {
  const ranges: PortRange[] = [];
  const names = new Set<string>();
  for (const { port, endPort } of group) {
    if (port === undefined) return {};
    if (typeof port === 'number') ranges.push({ first: port, last: endPort ?? port });
    else names.add(port);
  }
  return {
    ...(ranges.length === 0 ? {} : { ports: unionOfPortRanges(ranges) }),
    ...(names.size === 0 ? {} : { namedPorts: [...names].sort() }),
  };
}
