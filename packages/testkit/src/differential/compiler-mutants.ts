/**
 * Planted compiler faults. Each is a mistake that an implementer of NetworkPolicy could make, made
 * on purpose around the real compiler; the random worlds must find every one of them.
 *
 * A fault rewrites what goes into the compiler or what comes out of it, whichever says it more
 * plainly.
 */
import type { NetworkPolicy, NetworkPolicyPort, Pod, PolicyType } from '@weir/kube';
import type { Endpoint, Policy, Rule } from '@weir/model';
import { compareAddresses, parseAddress } from '@weir/net';
import { blockHolds, readAddress } from '../oracle/address-number.ts';
import type { EngineParts } from './engine-parts.ts';
import {
  type DirectedRule,
  mapLabelSelectors,
  mapModelRules,
  mapModelSelectors,
  mapPeerSide,
  mapPeers,
  mapPorts,
  mapRuleLists,
  mapRules,
  mapSpec,
} from './rewrite-policy.ts';

/** A fault with a name that says what it gets wrong. */
export interface CompilerMutant {
  readonly name: string;
  readonly plant: (parts: EngineParts) => EngineParts;
}

function onSource(name: string, change: (policy: NetworkPolicy) => NetworkPolicy): CompilerMutant {
  return { name, plant: (parts) => ({ ...parts, compile: (policy, target) => parts.compile(change(policy), target) }) };
}

function onModel(name: string, change: (policy: Policy, source: NetworkPolicy) => Policy): CompilerMutant {
  return {
    name,
    plant: (parts) => ({
      ...parts,
      compile: (source, target) => {
        const policy = parts.compile(source, target);
        return policy && change(policy, source);
      },
    }),
  };
}

function onPod(name: string, change: (pod: Pod) => Pod): CompilerMutant {
  return { name, plant: (parts) => ({ ...parts, endpointOf: (pod, labels) => parts.endpointOf(change(pod), labels) }) };
}

function onEndpoint(name: string, change: (endpoint: Endpoint) => Endpoint): CompilerMutant {
  return {
    name,
    plant: (parts) => ({
      ...parts,
      endpointOf: (pod, labels) => {
        const endpoint = parts.endpointOf(pod, labels);
        return endpoint && change(endpoint);
      },
    }),
  };
}

const peerMutants: readonly CompilerMutant[] = [
  onSource('both selectors of a peer are alternatives', (policy) =>
    mapPeers(policy, (peer) => {
      const { podSelector, namespaceSelector } = peer;
      return podSelector === undefined || namespaceSelector === undefined ? [peer] : [{ podSelector }, { namespaceSelector }];
    }),
  ),
  onSource('a podSelector alone selects in all namespaces', (policy) =>
    mapPeers(policy, (peer) => [
      peer.podSelector === undefined || peer.namespaceSelector !== undefined ? peer : { ...peer, namespaceSelector: {} },
    ]),
  ),
  onSource('a namespaceSelector alone selects the own namespace', (policy) =>
    mapPeers(policy, (peer) => [peer.namespaceSelector !== undefined && peer.podSelector === undefined ? { podSelector: {} } : peer]),
  ),
  onSource('the podSelector beside a namespaceSelector is ignored', (policy) =>
    mapPeers(policy, ({ podSelector, ...rest }) => [
      rest.namespaceSelector === undefined ? { ...rest, ...(podSelector && { podSelector }) } : rest,
    ]),
  ),
  onSource('namespace labels are looked up on the pod', (policy) =>
    mapPeers(policy, (peer) => [
      peer.namespaceSelector !== undefined && peer.podSelector === undefined
        ? { namespaceSelector: {}, podSelector: peer.namespaceSelector }
        : peer,
    ]),
  ),
  onSource('an empty namespaceSelector matches every address', (policy) =>
    mapRules(policy, ({ peers, ...rest }) => [
      peers?.some(({ namespaceSelector, podSelector }) => podSelector === undefined && isEmptyObject(namespaceSelector)) === true
        ? rest
        : { ...rest, ...(peers && { peers }) },
    ]),
  ),
  onSource('an empty podSelector matches nothing', (policy) =>
    mapPeers(policy, (peer) => (isEmptyObject(peer.podSelector) ? [noPeer] : [peer])),
  ),
  onSource('only the first peer counts', (policy) =>
    mapRules(policy, ({ peers, ...rest }) => [{ ...rest, ...(peers && { peers: peers.slice(0, 1) }) }]),
  ),
  onSource('an empty list of peers is nobody', (policy) =>
    mapRules(policy, (rule) => [rule.peers?.length === 0 ? { ...rule, peers: [noPeer] } : rule]),
  ),
  onSource('absent peers are all pods, not all addresses', (policy) =>
    mapRules(policy, (rule) => [rule.peers === undefined ? { ...rule, peers: [{ namespaceSelector: {} }] } : rule]),
  ),
];

const selectorMutants: readonly CompilerMutant[] = [
  onModel('NotIn needs the key', (policy) =>
    mapModelSelectors(policy, (selector) =>
      selector.kind === 'notIn' ? { kind: 'and', of: [selector, { kind: 'exists', label: selector.label }] } : selector,
    ),
  ),
  onModel('In holds for an absent key', (policy) =>
    mapModelSelectors(policy, (selector) =>
      selector.kind === 'in' ? { kind: 'or', of: [selector, { kind: 'absent', label: selector.label }] } : selector,
    ),
  ),
  onModel('In takes only the first value', (policy) =>
    mapModelSelectors(policy, (selector) => (selector.kind === 'in' ? { ...selector, values: selector.values.slice(0, 1) } : selector)),
  ),
  onModel('Exists is ignored', (policy) =>
    mapModelSelectors(policy, (selector) => (selector.kind === 'exists' ? { kind: 'all' } : selector)),
  ),
  onModel('DoesNotExist is ignored', (policy) =>
    mapModelSelectors(policy, (selector) => (selector.kind === 'absent' ? { kind: 'all' } : selector)),
  ),
  onModel('an empty value counts as absent', (policy) =>
    mapModelSelectors(policy, (selector) =>
      selector.kind === 'exists' ? { kind: 'and', of: [selector, { kind: 'notIn', label: selector.label, values: [''] }] } : selector,
    ),
  ),
  onSource('only the first expression counts', (policy) =>
    mapLabelSelectors(policy, (selector) => ({
      ...selector,
      ...(selector.matchExpressions && { matchExpressions: selector.matchExpressions.slice(0, 1) }),
    })),
  ),
  onSource('matchLabels are ignored beside matchExpressions', (policy) =>
    mapLabelSelectors(policy, (selector) =>
      (selector.matchExpressions ?? []).length > 0 ? { matchExpressions: selector.matchExpressions ?? [] } : selector,
    ),
  ),
  onModel('a policy selects pods of all namespaces', (policy) => ({ ...policy, subject: withoutReserved(policy.subject) })),
];

const blockMutants: readonly CompilerMutant[] = [
  onSource('except is ignored', (policy) =>
    mapPeers(policy, (peer) => [peer.ipBlock === undefined ? peer : { ipBlock: { cidr: peer.ipBlock.cidr } }]),
  ),
  onSource('only the first hole counts', (policy) =>
    mapPeers(policy, (peer) => [
      peer.ipBlock?.except === undefined ? peer : { ipBlock: { cidr: peer.ipBlock.cidr, except: peer.ipBlock.except.slice(0, 1) } },
    ]),
  ),
  onSource('a hole is taken out of all blocks of the rule', (policy) =>
    mapRules(policy, ({ peers, ...rest }) => {
      const holes = (peers ?? []).flatMap(({ ipBlock }) => ipBlock?.except ?? []);
      const widened = peers?.map((peer) =>
        peer.ipBlock === undefined ? peer : { ipBlock: { cidr: peer.ipBlock.cidr, except: holesInside(holes, peer.ipBlock.cidr) } },
      );
      return [{ ...rest, ...(widened && { peers: widened }) }];
    }),
  ),
  onModel('host bits of a block cut its start off', (policy, source) => mapModelRules(policy, (rule) => [withoutStart(rule, source)])),
  onModel('IPv6 blocks are lost', (policy) =>
    mapModelRules(policy, (rule) => [
      mapPeerSide(rule, (side) => ({ ...side, ...(side.nets && { nets: side.nets.filter(({ first }) => first.family === 4) }) })),
    ]),
  ),
  onModel('a block of all IPv4 addresses matches IPv6 too', (policy) =>
    mapModelRules(policy, (rule) => [
      mapPeerSide(rule, ({ nets, ...side }) =>
        nets?.length === 1 && nets.some(({ first, last }) => first.words[0] === 0 && last.words[0] === 0xffffffff && first.family === 4)
          ? side
          : { ...side, ...(nets && { nets }) },
      ),
    ]),
  ),
  onModel('a block matches no pod', (policy) =>
    mapModelRules(policy, (rule) => [
      mapPeerSide(rule, (side) => (side.nets === undefined ? side : { ...side, notSelector: { kind: 'all' } })),
    ]),
  ),
];

const portMutants: readonly CompilerMutant[] = [
  onSource('endPort is ignored', (policy) =>
    mapPorts(policy, ({ port, protocol }) => [{ ...(port !== undefined && { port }), ...(protocol !== undefined && { protocol }) }]),
  ),
  onSource('endPort is outside the range', (policy) =>
    mapPorts(policy, (port) => [
      port.endPort === undefined || typeof port.port !== 'number' || port.endPort === port.port
        ? port
        : { ...port, endPort: port.endPort - 1 },
    ]),
  ),
  onSource('the range starts one port late', (policy) =>
    mapPorts(policy, (port) => [
      port.endPort === undefined || typeof port.port !== 'number' || port.endPort === port.port ? port : { ...port, port: port.port + 1 },
    ]),
  ),
  onSource('an endPort equal to the port is one port too many', (policy) =>
    mapPorts(policy, (port) => [port.endPort !== undefined && port.endPort === port.port ? { ...port, endPort: port.endPort + 1 } : port]),
  ),
  onSource('a port without protocol is of every protocol', (policy) =>
    mapPorts(policy, (port) =>
      port.protocol === undefined ? (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ ...port, protocol })) : [port],
    ),
  ),
  onSource('a protocol alone is every protocol', (policy) =>
    mapRules(policy, ({ ports, ...rest }) => [
      ports?.some(({ port }) => port === undefined) === true ? rest : { ...rest, ...(ports && { ports }) },
    ]),
  ),
  onSource('SCTP is taken for TCP', (policy) =>
    mapPorts(policy, (port) => [port.protocol === 'SCTP' ? { ...port, protocol: 'TCP' } : port]),
  ),
  onSource('only the first port counts', (policy) =>
    mapRules(policy, ({ ports, ...rest }) => [{ ...rest, ...(ports && { ports: ports.slice(0, 1) }) }]),
  ),
  onSource('an empty list of ports is no port', (policy) =>
    mapRules(policy, (rule) => [rule.ports?.length === 0 ? { ...rule, ports: [{ port: 'no-such-port' }] } : rule]),
  ),
  onSource('a rule with ports only for one protocol lets the others through', (policy) =>
    mapRules(policy, ({ ports, ...rest }) => [
      { ...rest, ...(ports && ports.length > 0 && { ports: [...ports, ...otherProtocols(ports)] }) },
    ]),
  ),
  onEndpoint('a port name is of every protocol', (endpoint) => ({
    ...endpoint,
    namedPorts: endpoint.namedPorts.flatMap((port) => [6, 17, 132].map((protocol) => ({ ...port, protocol }))),
  })),
  onEndpoint('only the first port of a name counts', (endpoint) => ({
    ...endpoint,
    namedPorts: endpoint.namedPorts.filter(({ name }, i, all) => all.findIndex((other) => other.name === name) === i),
  })),
  onModel('port names match nothing in egress', (policy) =>
    mapModelRules(policy, (rule) => {
      const { namedPorts, ...destination } = rule.match.destination;
      if (rule.origin.direction === 'ingress' || namedPorts === undefined) return [rule];
      return destination.ports === undefined ? [] : [{ ...rule, match: { ...rule.match, destination } }];
    }),
  ),
  onPod('port names of sidecars are left out', (pod) => ({
    ...pod,
    spec: { ...pod.spec, containers: pod.spec?.containers ?? [], initContainers: [] },
  })),
  onPod('port names of ordinary init containers count', (pod) => ({
    ...pod,
    spec: { ...pod.spec, initContainers: [], containers: [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])] },
  })),
];

const isolationMutants: readonly CompilerMutant[] = [
  onSource('absent policyTypes are both', (policy) =>
    withTypes(policy, ({ given }) => (given.length === 0 ? ['Ingress', 'Egress'] : given)),
  ),
  onSource('absent policyTypes are Ingress only', (policy) => withTypes(policy, ({ given }) => (given.length === 0 ? ['Ingress'] : given))),
  onSource('absent policyTypes follow the sections that are there', (policy) =>
    withTypes(policy, ({ given, ingress, egress }) => (given.length > 0 || !egress || ingress ? given : ['Egress'])),
  ),
  onSource('an empty egress list is a section', (policy) =>
    mapSpec(policy, (spec) =>
      (spec.policyTypes ?? []).length === 0 && spec.egress !== undefined ? { ...spec, policyTypes: ['Ingress', 'Egress'] } : spec,
    ),
  ),
  onSource('rules of a direction that policyTypes leaves out isolate it', (policy) =>
    withTypes(policy, ({ given, ingress, egress }) =>
      given.length === 0
        ? given
        : [
            ...(ingress || given.includes('Ingress') ? ['Ingress' as const] : []),
            ...(egress || given.includes('Egress') ? ['Egress' as const] : []),
          ],
    ),
  ),
  onModel('isolation in one direction isolates the other', (policy) => ({
    ...policy,
    ingress: policy.ingress ?? { isolates: true, rules: [] },
    egress: policy.egress ?? { isolates: true, rules: [] },
  })),
  onSource('an empty list of rules allows everything', (policy) => mapRuleLists(policy, (rules) => (rules?.length === 0 ? [{}] : rules))),
  onModel('a direction without rules does not isolate', (policy) => withoutEmptyDirections(policy)),
  onSource('an empty rule matches nothing', (policy) => mapRules(policy, (rule) => (Object.keys(rule).length === 0 ? [] : [rule]))),
  onSource('only the first rule counts', (policy) => mapRuleLists(policy, (rules) => rules?.slice(0, 1))),
  onSource('peers and ports of a rule are alternatives', (policy) =>
    mapRules(policy, ({ peers = [], ports = [] }): DirectedRule[] =>
      peers.length > 0 && ports.length > 0 ? [{ peers }, { ports }] : [{ peers, ports }],
    ),
  ),
  {
    name: 'of several policies of a namespace only the first counts',
    plant: (parts) => ({
      ...parts,
      combine: (policies) =>
        parts.combine(policies.filter(({ ref }, i) => policies.findIndex((other) => other.ref.namespace === ref.namespace) === i)),
    }),
  },
];

const podMutants: readonly CompilerMutant[] = [
  onPod('hostNetwork pods are selected', (pod) => ({
    ...pod,
    spec: { ...pod.spec, containers: pod.spec?.containers ?? [], hostNetwork: false },
  })),
  onPod('finished pods are selected', (pod) => ({ ...pod, status: { ...pod.status, phase: 'Running' } })),
  onPod('pods that are not running yet are not selected', (pod) =>
    pod.status?.phase === 'Pending' ? { ...pod, status: { ...pod.status, phase: 'Failed' } } : pod,
  ),
  onEndpoint('only the first address of a pod is known', (endpoint) => ({ ...endpoint, addresses: endpoint.addresses.slice(0, 1) })),
  onEndpoint('IPv6 addresses of pods are lost', (endpoint) => ({
    ...endpoint,
    addresses: endpoint.addresses.filter(({ family }) => family === 4),
  })),
];

/** All planted faults. */
export const compilerMutants: readonly CompilerMutant[] = [
  ...peerMutants,
  ...selectorMutants,
  ...blockMutants,
  ...portMutants,
  ...isolationMutants,
  ...podMutants,
];

/** A peer that no pod is. */
const noPeer = { podSelector: { matchLabels: { 'no-such-label': 'no' } } };

function isEmptyObject(selector: { matchLabels?: object; matchExpressions?: readonly unknown[] } | undefined): boolean {
  return selector !== undefined && Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

function holesInside(holes: readonly string[], cidr: string): string[] {
  const lengthOf = (block: string): number => Number(block.split('/')[1]);
  const isInside = (hole: string): boolean => lengthOf(hole) > lengthOf(cidr) && blockHolds(cidr, readAddress(hole.split('/')[0] ?? ''));
  return holes.filter(isInside);
}

/** Starts a rule's nets at the address that its block was written with. */
function withoutStart(rule: Rule, { spec }: NetworkPolicy): Rule {
  const { direction, ruleIndex, peerIndex = -1 } = rule.origin;
  const peers = direction === 'ingress' ? spec?.ingress?.[ruleIndex]?.from : spec?.egress?.[ruleIndex]?.to;
  const written = parseAddress(peers?.[peerIndex]?.ipBlock?.cidr.split('/')[0] ?? '');
  if (written === undefined) return rule;
  return mapPeerSide(rule, (side) => ({
    ...side,
    ...(side.nets && {
      nets: side.nets.flatMap(({ first, last }) => {
        if (compareAddresses(last, written) < 0) return [];
        return [{ first: compareAddresses(first, written) < 0 ? written : first, last }];
      }),
    }),
  }));
}

function withoutReserved(subject: Policy['subject']): Policy['subject'] {
  if ('label' in subject && subject.label.space === 'reserved') return { kind: 'all' };
  return subject.kind === 'and' ? { ...subject, of: subject.of.map(withoutReserved) } : subject;
}

function otherProtocols(ports: readonly NetworkPolicyPort[]): NetworkPolicyPort[] {
  const named = new Set(ports.map(({ protocol }) => protocol ?? 'TCP'));
  return ['TCP', 'UDP', 'SCTP'].filter((protocol) => !named.has(protocol)).map((protocol) => ({ protocol }));
}

/** The policy with the policyTypes that `choose` makes of the given ones and the sections. */
function withTypes(
  policy: NetworkPolicy,
  choose: (facts: { given: readonly PolicyType[]; ingress: boolean; egress: boolean }) => readonly PolicyType[],
): NetworkPolicy {
  return mapSpec(policy, (spec) => {
    const facts = { given: spec.policyTypes ?? [], ingress: (spec.ingress ?? []).length > 0, egress: (spec.egress ?? []).length > 0 };
    return { ...spec, policyTypes: choose(facts) };
  });
}

function withoutEmptyDirections({ ingress, egress, ...policy }: Policy): Policy {
  return {
    ...policy,
    ...(ingress && ingress.rules.length > 0 && { ingress }),
    ...(egress && egress.rules.length > 0 && { egress }),
  };
}
