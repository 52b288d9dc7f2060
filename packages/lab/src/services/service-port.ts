/**
 * What a node does with each port of each service: the step between API objects and nftables.
 *
 * Follows kube-proxy: ready endpoints are used; when there are none, those that still serve while
 * they terminate (KEP-1669); `internalTrafficPolicy: Local` and `externalTrafficPolicy: Local` leave
 * only the node's own (KEP-2086). Headless and ExternalName services have nothing to translate.
 */

import type { EndpointSlice, Service } from '@weir/kube';
import { addToGroup, cidrFamily, type Family, formatCidr, isTransportName, parseAddress, parseCidr, type TransportName } from '@weir/net';

/** One endpoint of a service port. */
export interface Backend {
  readonly address: string;
  readonly port: number;
}

/** What happens to a new connection: to one of the backends, refused, or dropped without an answer. */
export type ServiceTarget =
  | { readonly kind: 'backends'; readonly backends: readonly Backend[] }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'drop' };

/** One port of one service in one family, as one node sees it. */
export interface ServicePortState {
  /** `namespace/service:port name` of the service; together with family and protocol unique. */
  readonly name: string;
  readonly family: Family;
  readonly protocol: TransportName;
  readonly port: number;
  /** The cluster address of this family. */
  readonly clusterIp: string;
  /** External addresses of this family that the service answers on, on `port`. */
  readonly externalIps: readonly string[];
  /** Addresses of this family that a load balancer has for the service. */
  readonly balancerIps: readonly string[];
  /** Blocks of clients that a load balancer's address answers; absent: all. */
  readonly sourceRanges?: readonly string[];
  readonly nodePort?: number;
  /** For how long after its last connection a client address comes to the same backend (`sessionAffinity: ClientIP`); absent: not at all. */
  readonly affinitySeconds?: number;
  /** Where connections to the cluster address go. */
  readonly internal: ServiceTarget;
  /** Where connections to the node port and external addresses go. */
  readonly external: ServiceTarget;
  /**
   * Where connections to the node port and external addresses go that come from the node itself or its own pods;
   * absent: as all others.
   */
  readonly inside?: ServiceTarget;
  /** Whether outside connections keep their source address (`externalTrafficPolicy: Local`). */
  readonly keepsSource: boolean;
}

/** Three hours, as the API server writes into services that do not say it. */
const usualAffinitySeconds = 10_800;

/** The label by which an EndpointSlice names its service. */
export const serviceNameLabel = 'kubernetes.io/service-name';

/** All service ports that the node translates, sorted by name, family and protocol. */
export function servicePortStates(services: Iterable<Service>, slices: Iterable<EndpointSlice>, node: string): ServicePortState[] {
  const slicesOf = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const key = `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`;
    addToGroup(slicesOf, key, slice);
  }
  const states: ServicePortState[] = [];
  for (const service of services) {
    if (service.spec?.type === 'ExternalName') continue;
    const key = `${service.metadata.namespace ?? ''}/${service.metadata.name ?? ''}`;
    for (const clusterIp of clusterIpsOf(service)) states.push(...statesOf(service, clusterIp, slicesOf.get(key) ?? [], node));
  }
  return states.sort((a, b) => compareTexts(stateKey(a), stateKey(b)));
}

/** The identity of a state: stable over changes of its backends. */
export function stateKey(state: ServicePortState): string {
  return `${state.name}/${state.protocol}/${state.family}`;
}

/** The cluster addresses of a service, headless ones aside. */
export function clusterIpsOf(service: Service): string[] {
  const spec = service.spec;
  const all = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return all.filter((text) => parseAddress(text) !== undefined);
}

function statesOf(service: Service, clusterIp: string, slices: readonly EndpointSlice[], node: string): ServicePortState[] {
  const family = parseAddress(clusterIp)?.family ?? 4;
  const spec = service.spec ?? {};
  const states: ServicePortState[] = [];
  for (const port of spec.ports ?? []) {
    const protocol = port.protocol ?? 'TCP';
    if (!isTransportName(protocol)) continue;
    const endpoints = endpointsOf(slices, family, port.name ?? '', protocol);
    const keepsSource = spec.externalTrafficPolicy === 'Local';
    states.push({
      name: `${service.metadata.namespace ?? ''}/${service.metadata.name ?? ''}:${port.name ?? ''}`,
      family,
      protocol,
      port: port.port,
      clusterIp,
      externalIps: (spec.externalIPs ?? []).filter((text) => parseAddress(text)?.family === family),
      balancerIps: (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }) =>
        parseAddress(ip)?.family === family ? [ip] : [],
      ),
      ...sourceRangesOf(service, family),
      ...(port.nodePort === undefined || port.nodePort === 0 ? {} : { nodePort: port.nodePort }),
      ...(spec.sessionAffinity === 'ClientIP'
        ? { affinitySeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? usualAffinitySeconds }
        : {}),
      internal: targetOf(endpoints, spec.internalTrafficPolicy === 'Local' ? node : undefined),
      external: targetOf(endpoints, keepsSource ? node : undefined),
      ...(keepsSource ? { inside: targetOf(endpoints, undefined) } : {}),
      keepsSource,
    });
  }
  return states;
}

function sourceRangesOf({ spec }: Service, family: Family): Pick<ServicePortState, 'sourceRanges'> {
  const texts = spec?.loadBalancerSourceRanges ?? [];
  if (spec?.type !== 'LoadBalancer' || texts.length === 0) return {};
  const blocks = texts.flatMap((text) => parseCidr(text.trim()) ?? []);
  return { sourceRanges: blocks.filter((block) => cidrFamily(block) === family).map(formatCidr) };
}

interface Endpoint extends Backend {
  readonly node: string | undefined;
  readonly ready: boolean;
  readonly serving: boolean;
}

function endpointsOf(slices: readonly EndpointSlice[], family: Family, portName: string, protocol: TransportName): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const slice of slices) {
    if (slice.addressType !== (family === 4 ? 'IPv4' : 'IPv6')) continue;
    const port = slice.ports?.find((entry) => (entry.name ?? '') === portName && (entry.protocol ?? 'TCP') === protocol)?.port;
    if (port === undefined) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const address = endpoint.addresses[0];
      if (address === undefined) continue;
      const ready = endpoint.conditions?.ready !== false;
      found.set(`${address} ${port}`, {
        address,
        port,
        node: endpoint.nodeName,
        ready,
        serving: endpoint.conditions?.serving ?? ready,
      });
    }
  }
  return [...found.values()].sort((a, b) => compareTexts(a.address, b.address) || a.port - b.port);
}

/** How many ready endpoints the node has, of all ports and families of a service's slices. */
export function localEndpointCount(slices: Iterable<EndpointSlice>, node: string): number {
  const pods = new Set<string>();
  for (const { endpoints = [] } of slices) {
    for (const { addresses, nodeName, conditions, targetRef } of endpoints) {
      if (nodeName === node && conditions?.ready !== false) pods.add(targetRef?.uid ?? addresses[0] ?? '');
    }
  }
  return pods.size;
}

function targetOf(endpoints: readonly Endpoint[], onlyNode: string | undefined): ServiceTarget {
  const everywhere = usable(endpoints);
  if (everywhere.length === 0) return { kind: 'refuse' };
  if (onlyNode === undefined) return { kind: 'backends', backends: everywhere };
  const here = usable(endpoints.filter((endpoint) => endpoint.node === onlyNode));
  // Endpoints exist, only not here: kube-proxy drops, so that the client tries elsewhere.
  return here.length === 0 ? { kind: 'drop' } : { kind: 'backends', backends: here };
}

function usable(endpoints: readonly Endpoint[]): Backend[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const chosen = ready.length > 0 ? ready : endpoints.filter((endpoint) => endpoint.serving);
  return chosen.map(({ address, port }) => ({ address, port }));
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
