/** Who the ends of observed flows are: groups of pods, nodes, addresses outside, or nobody that is known. */
import { type Direction, type Endpoint, type FlowEnd, podName, systemOfEndpoint } from '@weir/model';
import { type Address, addressRangesContain, formatAddress } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { nameOfEnd, type ObservedEnd } from '../observed-flow.ts';
import { observedPodName } from './observed-objects.ts';
import type { PodGroup } from './pod-groups.ts';

/**
 * One end. `end` is what policies are asked about; `byName`: the pod is gone, and its name says whose it was; `isApiServer`: the
 * cluster's API server listens at the address.
 */
export type Party =
  | { readonly kind: 'pods'; readonly group: PodGroup; readonly end: FlowEnd & { kind: 'endpoint' }; readonly byName: boolean }
  | { readonly kind: 'node'; readonly address: Address; readonly name?: string; readonly isApiServer: boolean; readonly end: FlowEnd }
  | { readonly kind: 'outside'; readonly address: Address; readonly isApiServer: boolean; readonly end: FlowEnd }
  | { readonly kind: 'unknown'; readonly name: string };

/** The ends of names of pods that Kubernetes makes: a revision's hash, five random letters or a number. */
const madeEnding = /^(?:-[a-z0-9]{1,10})?-(?:[a-z0-9]{5}|\d{1,8})$/;

/** Finds parties in one snapshot. */
export class PartyFinder {
  readonly #snapshot: Snapshot;
  readonly #groupOf: ReadonlyMap<string, PodGroup>;
  readonly #groups: readonly PodGroup[];
  readonly #apiServers: ReadonlySet<string>;
  /** Services by their cluster addresses. */
  readonly #services: ReadonlyMap<string, string>;

  constructor(snapshot: Snapshot, groups: readonly PodGroup[]) {
    this.#snapshot = snapshot;
    this.#groups = groups;
    this.#apiServers = new Set(apiServerAddresses(snapshot.endpointSlices));
    this.#services = new Map(
      snapshot.services.flatMap(({ metadata: { namespace = 'default', name = '' }, spec }) =>
        (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).map((ip) => [ip, `${namespace}/${name}`] as const),
      ),
    );
    this.#groupOf = new Map(groups.flatMap((group) => group.pods.map((pod) => [podName(pod), group] as const)));
  }

  /** Names go before addresses, which pass from one pod to the next. */
  find(end: ObservedEnd): Party {
    const name = observedPodName(end);
    if (name !== undefined) return this.#named(`${end.namespace ?? ''}/${name}`, end);
    if (end.namespace !== undefined || end.address === undefined) return { kind: 'unknown', name: nameOfEnd(end) };
    const found = this.#snapshot.world.endAt(end.address);
    if (found.kind === 'endpoint') return this.#pods(found.endpoint, end.address, false);
    const isApiServer = this.#apiServers.has(formatAddress(end.address));
    if (found.kind === 'node') return { kind: 'node', address: end.address, name: found.node.name, isApiServer, end: found };
    if (end.is === 'node') return this.#nodeAt(end.address, end.name);
    const service = end.is === 'service' ? end.name : this.#services.get(formatAddress(end.address));
    if (service !== undefined) return { kind: 'unknown', name: `the pod behind service ${service}` };
    if (addressRangesContain(this.#snapshot.world.podRanges, end.address))
      return { kind: 'unknown', name: `a pod that had ${formatAddress(end.address)}` };
    return { kind: 'outside', address: end.address, isApiServer, end: found };
  }

  /** Whether a pod and the end are let talk whatever policies say: the pod is the source with `egress`. */
  isExempt(pod: Endpoint, other: Party, direction: Direction): boolean {
    if (!isNodeOf(other, pod)) return false;
    return direction === 'ingress' || this.#snapshot.world.profile.podReachesOwnNode.includes(systemOfEndpoint(pod));
  }

  #named(key: string, end: ObservedEnd): Party {
    const endpoint = this.#snapshot.endpoints.get(key);
    if (endpoint !== undefined) return this.#pods(endpoint, end.address, false);
    // On the network of its node it has the node's address.
    const pod = this.#snapshot.pods.get(key);
    if (pod?.spec?.hostNetwork === true && end.address !== undefined) return this.#nodeAt(end.address, pod.spec.nodeName);
    const group = this.#byName(key);
    const [member] = group?.pods ?? [];
    return member === undefined ? { kind: 'unknown', name: key } : this.#pods(member, undefined, true);
  }

  #pods(endpoint: Endpoint, seen: Address | undefined, byName: boolean): Party {
    const group = this.#groupOf.get(podName(endpoint));
    if (group === undefined) return { kind: 'unknown', name: podName(endpoint) };
    const address = endpoint.addresses.find((one) => seen === undefined || one.family === seen.family);
    return { kind: 'pods', group, byName, end: { kind: 'endpoint', endpoint, ...(address === undefined ? {} : { address }) } };
  }

  /** A node that no object tells of is known by its address alone. */
  #nodeAt(address: Address, name: string | undefined): Party {
    const node = { name: name ?? formatAddress(address), addresses: [address] };
    return {
      kind: 'node',
      address,
      ...(name === undefined ? {} : { name }),
      isApiServer: this.#apiServers.has(formatAddress(address)),
      end: { kind: 'node', node, address },
    };
  }

  /** The workload that a pod which is gone was of, by how its name goes on behind the workload's. */
  #byName(key: string): PodGroup | undefined {
    const slash = key.indexOf('/');
    const [namespace, pod] = [key.slice(0, slash), key.slice(slash + 1)];
    const fits = (workload: string): boolean => pod.startsWith(workload) && madeEnding.test(pod.slice(workload.length));
    const found = this.#groups
      .filter((group) => group.namespace === namespace)
      .flatMap((group) => group.workloads.filter(fits).map((workload) => ({ group, workload })));
    return found.sort((a, b) => b.workload.length - a.workload.length)[0]?.group;
  }
}

/** Whether the party is the node that the pod runs on. */
export function isNodeOf(party: Party, { node }: Endpoint): boolean {
  return party.kind === 'node' && party.name !== undefined && party.name === node;
}

/** The API server keeps the endpoints of its own service. */
function apiServerAddresses(slices: Snapshot['endpointSlices']): readonly string[] {
  return slices
    .filter(({ metadata: { namespace, name } }) => namespace === 'default' && name === 'kubernetes')
    .flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses));
}

/** Equal for the same party, so that flows can be counted together. */
export function partyKey(party: Party): string {
  if (party.kind === 'pods') return `pods ${party.group.namespace}/${party.group.name}`;
  return party.kind === 'unknown' ? `unknown ${party.name}` : `${party.kind} ${formatAddress(party.address)}`;
}

/** `shop/frontend`, `node n1 (192.168.0.1)`, `the API server (192.168.0.1)`, or an address. */
export function describeParty(party: Party): string {
  if (party.kind === 'pods') return `${party.group.namespace}/${party.group.name}`;
  if (party.kind === 'unknown') return party.name;
  const address = formatAddress(party.address);
  if (party.isApiServer) return `the API server (${address})`;
  return party.kind === 'node' ? `node ${party.name ?? ''} (${address})`.replace('  ', ' ') : address;
}
