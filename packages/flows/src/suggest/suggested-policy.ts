/** Least-privilege policies in the making: one for each group of pods, made of the connections that were let through. */
import type { NetworkPolicyPeer, NetworkPolicyPort } from '@weir/kube';
import type { Direction, PolicyApi } from '@weir/model';
import { addToGroup, formatAddress, formatProtocol, protocolNumber } from '@weir/net';
import { describeConnection, describeNames } from './describe-connection.ts';
import { namesOf, whyByAddress } from './destination-names.ts';
import type { AddressBlocks } from './merge-addresses.ts';
import type { ObservedConnection } from './observed-connections.ts';
import { describeParty, type Party } from './parties.ts';
import type { PodGroup } from './pod-groups.ts';
import { type PortlessTraffic, portlessTraffic, whyWithoutWords } from './words-for-traffic.ts';

/** Peers that use the same ports. */
export interface SuggestedRule {
  readonly peers: readonly NetworkPolicyPeer[];
  readonly ports: readonly NetworkPolicyPort[];
  /** Instead of ports, for an API that has words for it. */
  readonly portless?: PortlessTraffic;
  /** Instead of the peers, one for each, for Cilium, which means nodes by what they are and not by their addresses. */
  readonly entities?: readonly CiliumEntity[];
  /** Instead of the addresses of the peers, some names for each. */
  readonly names?: readonly (readonly string[])[];
  /** Of DNS. */
  readonly isDns: boolean;
  /** Why names got rules about their addresses. */
  readonly whyByAddress?: string;
  /** What stands behind it. */
  readonly connections: readonly ObservedConnection[];
  /** One line each: who it is and how often it was seen. */
  readonly comments: readonly string[];
}

/** Words of Cilium's for what is no pod. */
type CiliumEntity = 'host' | 'remote-node' | 'kube-apiserver';

/** What the comments say of an entity that means more than those who were seen. */
const entityComments: Readonly<Partial<Record<CiliumEntity, string>>> = {
  'remote-node': 'nodes: Cilium has no words for single ones',
};

/** One policy. */
export interface SuggestedPolicy {
  readonly group: PodGroup;
  readonly directions: readonly Direction[];
  readonly ingress: readonly SuggestedRule[];
  readonly egress: readonly SuggestedRule[];
  /** Connections of its pods that no rule could be made for, with the reason. */
  readonly withoutRule: readonly string[];
}

/** What is asked for. */
export interface SuggestionWish {
  readonly api: PolicyApi;
  readonly directions: readonly Direction[];
  readonly blocks: AddressBlocks;
}

/** Port of DNS, over UDP and, for answers that are too long, over TCP. */
const dnsPort = 53;
const dnsPorts: readonly NetworkPolicyPort[] = (['UDP', 'TCP'] as const).map((protocol) => ({ protocol, port: dnsPort }));

/** A peer in words with the connections to or from it that have the same traffic kind. */
interface Peer {
  /** What keeps its rules apart: `ports`, `dns`, or a protocol without ports. */
  readonly kind: string;
  readonly portless: PortlessTraffic | undefined;
  readonly entity: CiliumEntity | undefined;
  /** Instead of its address. */
  readonly domains: readonly string[] | undefined;
  readonly words: NetworkPolicyPeer;
  readonly names: Set<string>;
  readonly connections: ObservedConnection[];
}

/** The policies of all groups that connections were let through to or from. */
export function suggestedPolicies(connections: readonly ObservedConnection[], wish: SuggestionWish): readonly SuggestedPolicy[] {
  const usable = connections.filter((connection) => connection.isAllowed && whyWithoutWords(connection, wish.api) === undefined);
  const groups = new Map<PodGroup, Record<Direction, ObservedConnection[]>>();
  const add = (party: Party, direction: Direction, connection: ObservedConnection): void => {
    if (party.kind !== 'pods') return;
    const of = groups.get(party.group) ?? { ingress: [], egress: [] };
    of[direction].push(connection);
    groups.set(party.group, of);
  };
  for (const connection of usable) {
    add(connection.source, 'egress', connection);
    add(connection.destination, 'ingress', connection);
  }
  const unsaid = connections.flatMap((connection) => {
    const reason = connection.isAllowed ? whyWithoutWords(connection, wish.api) : undefined;
    return reason === undefined ? [] : [{ connection, text: `${describeConnection(connection)}: ${reason}` }];
  });
  const { directions } = wish;
  return [...groups]
    .sort(([a], [b]) => compare(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`))
    .map(([group, of]) => ({
      group,
      directions,
      ingress: directions.includes('ingress') ? rulesOf('ingress', of.ingress.filter(needsRule(wish.api)), { group, ...wish }) : [],
      egress: directions.includes('egress') ? rulesOf('egress', of.egress, { group, ...wish }) : [],
      withoutRule: unsaid.filter(({ connection }) => isEndOf(group, connection)).map(({ text }) => text),
    }));
}

/** No ClusterNetworkPolicy denies what comes from others than pods. */
function needsRule(api: PolicyApi): (connection: ObservedConnection) => boolean {
  return ({ source }) => api !== 'ClusterNetworkPolicy' || source.kind === 'pods';
}

function isEndOf(group: PodGroup, { source, destination }: ObservedConnection): boolean {
  return [source, destination].some((party) => party.kind === 'pods' && party.group === group);
}

function rulesOf(
  direction: Direction,
  connections: readonly ObservedConnection[],
  context: SuggestionWish & { readonly group: PodGroup },
): readonly SuggestedRule[] {
  const peers = new Map<string, Peer>();
  const byAddress = whyByAddress(context.api, connections.some(isOfDns));
  for (const connection of connections) {
    const party = direction === 'ingress' ? connection.source : connection.destination;
    const portless = portlessTraffic(connection, context.api);
    const kind = isOfDns(connection) ? 'dns' : portless === undefined ? 'ports' : JSON.stringify(portless);
    const words = wordsOf(party, context);
    const entity = context.api === 'Cilium' ? entityOf(party, connection) : undefined;
    const domains = direction === 'ingress' || kind === 'dns' ? undefined : namesOf(connection, context.api);
    const said = byAddress === undefined ? domains : undefined;
    const key = `${kind} ${entity ?? JSON.stringify(said ?? words)}`;
    const peer = peers.get(key) ?? { kind, portless, entity, domains: said, words, names: new Set(), connections: [] };
    peer.names.add(`${describeParty(party)}${said === undefined ? describeNames(domains) : ''}`);
    peer.connections.push(connection);
    peers.set(key, peer);
  }
  const rules = new Map<string, Peer[]>();
  for (const peer of peers.values()) {
    const signature = `${peer.entity === undefined ? '' : 'entities'} ${peer.domains === undefined ? '' : 'names'} ${peer.kind === 'ports' ? JSON.stringify(portsOf(peer.connections)) : peer.kind}`;
    addToGroup(rules, signature, peer);
  }
  return [...rules.values()]
    .map((members) => ruleOf(members, byAddress, context.api))
    .sort((a, b) => compare(a.comments[0] ?? '', b.comments[0] ?? ''));
}

function ruleOf(members: readonly Peer[], byAddress: string | undefined, api: PolicyApi): SuggestedRule {
  const [first] = members;
  const isDns = first?.kind === 'dns';
  const { portless } = first ?? {};
  const sorted = [...members].sort((a, b) => compare(nameOf(a), nameOf(b)));
  const entities = sorted.flatMap(({ entity }) => entity ?? []);
  const domains = sorted.flatMap((peer) => (peer.domains === undefined ? [] : [peer.domains]));
  const isByAddress =
    byAddress !== undefined && !isDns && sorted.some((peer) => peer.connections.some((one) => namesOf(one, api) !== undefined));
  const ahead = [
    ...(isByAddress ? [`names are told by their addresses: ${byAddress}`] : []),
    ...(isDns ? ['DNS, over TCP too for answers that are too long'] : []),
    ...entities.flatMap((entity) => entityComments[entity] ?? []),
  ];
  const connections = sorted.flatMap((peer) => peer.connections);
  const lines = sorted.map((peer) => `${nameOf(peer)}: ${countOf(peer.connections)}`);
  return {
    peers: sorted.map(({ words }) => words),
    ports: isDns ? dnsPorts : portless === undefined ? portsOf(connections) : [],
    ...(portless === undefined ? {} : { portless }),
    ...(entities.length === 0 ? {} : { entities }),
    ...(domains.length === 0 ? {} : { names: domains }),
    isDns,
    ...(isByAddress ? { whyByAddress: byAddress } : {}),
    connections,
    comments: [...ahead, ...lines],
  };
}

function nameOf({ names, words, domains }: Peer): string {
  const all = [...names].sort(compare);
  if (domains !== undefined) return `${domains.join(', ')} (${all.length > 3 ? `${all.length} addresses` : all.join(', ')})`;
  const block = words.ipBlock?.cidr;
  if (all.length > 1 && block !== undefined) return `${all.length} addresses in ${block}`;
  return all.join(', ');
}

function countOf(connections: readonly ObservedConnection[]): string {
  const count = connections.reduce((sum, one) => sum + one.count, 0);
  const last = connections
    .flatMap(({ lastSeen }) => lastSeen ?? [])
    .sort(compare)
    .at(-1);
  const denied = connections.some(({ wasDenied }) => wasDenied) ? '; some were denied' : '';
  return `${count} ${count === 1 ? 'connection' : 'connections'}${last === undefined ? '' : `, the last at ${last}`}${denied}`;
}

function isOfDns({ protocol, port }: ObservedConnection): boolean {
  return port === dnsPort && (protocol === protocolNumber.UDP || protocol === protocolNumber.TCP);
}

/** Each port once, in order. */
function portsOf(connections: readonly ObservedConnection[]): readonly NetworkPolicyPort[] {
  const sorted = [...connections].sort((a, b) => a.protocol - b.protocol || (a.port ?? 0) - (b.port ?? 0));
  const ports = new Map(sorted.map(({ protocol, port = 0 }) => [`${protocol} ${port}`, { protocol: formatProtocol(protocol), port }]));
  return [...ports.values()];
}

/** A pod's own node, another one, or where the API server is, which may be outside of the cluster. */
function entityOf(party: Party, { isOwnNode }: ObservedConnection): CiliumEntity | undefined {
  if (party.kind !== 'node' && party.kind !== 'outside') return undefined;
  if (party.isApiServer) return 'kube-apiserver';
  if (party.kind === 'outside') return undefined;
  return isOwnNode ? 'host' : 'remote-node';
}

function wordsOf(party: Party, { group, blocks }: { readonly group: PodGroup; readonly blocks: AddressBlocks }): NetworkPolicyPeer {
  if (party.kind === 'pods') {
    const { namespace, selector } = party.group;
    if (namespace === group.namespace) return { podSelector: selector };
    return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } }, podSelector: selector };
  }
  if (party.kind === 'unknown') throw new Error(`there are no words for ${party.name}`);
  if (party.kind === 'outside') return { ipBlock: { cidr: blocks.of(party.address) } };
  return { ipBlock: { cidr: `${formatAddress(party.address)}/${party.address.family === 4 ? 32 : 128}` } };
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
