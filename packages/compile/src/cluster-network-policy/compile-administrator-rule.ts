/** One rule of the cluster's administrators into rules of the model: one for each peer and protocol. */
import { matchesLabelSelector, type Node, parseApiCidr } from '@weir/kube';
import type { AddressGroupName, Match, Selector, Side } from '@weir/model';
import {
  type AddressRange,
  assert,
  cidrRange,
  defined,
  isTransportName,
  type ProtocolNumber,
  parseAddress,
  singleAddressCidr,
  transportNumber,
  unionOfAddressRanges,
  unionOfPortRanges,
} from '@weir/net';
import { nodeKind } from '../core-kinds.ts';
import { compileLabelSelector, compilePeerSelector } from '../kubernetes/compile-selector.ts';
import type { ReferredObjects } from '../policy-api.ts';
import type { AdministratorPorts, AdministratorRule } from './administrator-policy.ts';
import type { AdministratorPeer, PodSelection } from './cluster-network-policy.ts';

/** What a rule asks beside its peers: for one protocol, for named ports, or nothing. */
export interface CompiledPorts {
  readonly protocol?: ProtocolNumber;
  readonly destination: Pick<Side, 'ports' | 'namedPorts'>;
}

/** The pods that are selected; those on the host's network never are. */
export function compilePodSelection({ namespaces, pods }: PodSelection): Selector {
  if (pods === undefined) return compileLabelSelector(defined(namespaces, 'the schema let a selection of nothing through'), 'namespace');
  return compilePeerSelector(pods.namespaceSelector ?? {}, pods.podSelector);
}

/** What a rule matches, in no particular order within one peer. */
export function compilePeer(peer: AdministratorPeer, referred: ReferredObjects): Side {
  const { nodes, networks, domainNames } = peer;
  if (nodes !== undefined) {
    const selected = referred.list(nodeKind).filter(({ metadata }) => matchesLabelSelector(nodes, metadata.labels ?? {}));
    return { nets: unionOfAddressRanges(selected.flatMap((node) => addressesOf(node as Node))) };
  }
  if (networks !== undefined) return { nets: unionOfAddressRanges(networks.map(rangeOf)) };
  if (domainNames !== undefined) return { groups: domainNames.map(domainGroup) };
  return { selector: compilePodSelection(peer) };
}

/** One alternative per protocol, in order of appearance, and one for all names; a rule without ports has one that asks nothing. */
export function compilePorts({ ports }: AdministratorRule): readonly CompiledPorts[] {
  if (ports === undefined) return [{ destination: {} }];
  const names = ports.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const protocols = [...new Set(ports.flatMap(({ protocol }) => (protocol === undefined ? [] : [protocol])))];
  return [
    ...protocols.map((protocol) => ({ protocol: numberOf(protocol), destination: { ports: rangesOf(ports, protocol) } })),
    ...(names.length === 0 ? [] : [{ destination: { namedPorts: [...new Set(names)].sort() } }]),
  ];
}

/** What matches traffic of the peer's side with these ports. */
export function matchOf(direction: 'ingress' | 'egress', peer: Side, { protocol, destination }: CompiledPorts): Match {
  const ends = direction === 'ingress' ? { source: peer, destination } : { source: {}, destination: { ...peer, ...destination } };
  return { ...(protocol === undefined ? {} : { protocol }), ...ends };
}

/**
 * The group of the addresses of a name, or of all names below one: `*` stands for one label or more, which is `**` in the
 * names of groups.
 */
function domainGroup(name: string): AddressGroupName {
  const canonical = name.toLowerCase().replace(/\.$/, '');
  return `domain/${canonical.startsWith('*.') ? `*${canonical}` : canonical}`;
}

function numberOf(protocol: string): ProtocolNumber {
  assert(isTransportName(protocol), `validation let the protocol ${protocol} through`);
  return transportNumber(protocol);
}

function rangesOf(ports: readonly AdministratorPorts[], wanted: string): NonNullable<Side['ports']> {
  return unionOfPortRanges(ports.flatMap(({ protocol, range }) => (protocol === wanted && range !== undefined ? [range] : [])));
}

function rangeOf(text: string): AddressRange {
  return cidrRange(defined(parseApiCidr(text), `validation let the block ${text} through`));
}

/** The addresses in a node's status; names of hosts are none. */
function addressesOf({ status }: Node): AddressRange[] {
  return (status?.addresses ?? []).flatMap(({ address }) => {
    const parsed = parseAddress(address);
    return parsed === undefined ? [] : [cidrRange(singleAddressCidr(parsed))];
  });
}
