/**
 * What a service of type LoadBalancer gets: values in, values out.
 *
 * Follows the service controller (`cloud-provider/controllers/service`) and KEP-1669/KEP-2086: an address of each
 * family, and the nodes behind it – all that are ready, with `externalTrafficPolicy: Local` those with an endpoint.
 */
import type { EndpointSlice, Node, Service } from '@weir/kube';
import { type Address, type Cidr, cidrContains, cidrFamily, cidrRange, formatAddress, nextAddress, parseAddress } from '@weir/net';

/** The finalizer that keeps a service until its addresses are given back. */
export const loadBalancerFinalizer = 'service.kubernetes.io/load-balancer-cleanup';

/** Nodes with this label get no packets of load balancers. */
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** Whether the lab's balancer is asked for: another class is somebody else's business. */
export function wantsLoadBalancer({ metadata, spec }: Service): boolean {
  return spec?.type === 'LoadBalancer' && spec.loadBalancerClass === undefined && metadata.deletionTimestamp === undefined;
}

/** The addresses that a service has from its balancer. */
export function balancerAddresses(service: Service): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

/** Names of the nodes that take packets for the service, sorted. */
export function balancedNodes(service: Service, nodes: Iterable<Node>, slices: Iterable<EndpointSlice>): string[] {
  const ready = [...nodes].filter(takesBalancedPackets).map(({ metadata }) => metadata.name ?? '');
  if (service.spec?.externalTrafficPolicy !== 'Local') return ready.sort();
  const endpoints = [...slices].flatMap((slice) => slice.endpoints ?? []);
  const usable = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  const chosen = usable.length > 0 ? usable : endpoints.filter(({ conditions }) => conditions?.serving === true);
  const withEndpoint = new Set(chosen.map(({ nodeName }) => nodeName));
  return ready.filter((name) => withEndpoint.has(name)).sort();
}

function takesBalancedPackets({ metadata, status }: Node): boolean {
  if (metadata.deletionTimestamp !== undefined || metadata.labels?.[excludeLabel] !== undefined) return false;
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** The choice of addresses: one for each family of the service, or why there is none. */
export type AddressChoice = { readonly addresses: readonly string[] } | { readonly reason: string };

/** Keeps what the service has and the pool holds; else takes what it asks for (`spec.loadBalancerIP`), else what is free. */
export function chooseAddresses(service: Service, pool: readonly Cidr[], taken: ReadonlySet<string>): AddressChoice {
  const addresses: string[] = [];
  for (const family of service.spec?.ipFamilies ?? ['IPv4']) {
    const blocks = pool.filter((block) => cidrFamily(block) === (family === 'IPv4' ? 4 : 6));
    const isUsable = (address: Address): boolean =>
      blocks.some((block) => cidrContains(block, address)) && !taken.has(formatAddress(address));
    const present = readAddresses(balancerAddresses(service)).find(isUsable);
    const [asked] = readAddresses([service.spec?.loadBalancerIP ?? '']).filter((address) => address.family === (family === 'IPv4' ? 4 : 6));
    if (asked !== undefined && !isUsable(asked)) {
      return { reason: `the address ${formatAddress(asked)} is in use, or not in the pool ${blocks.map(blockText).join(', ')}` };
    }
    const chosen = asked ?? present ?? firstFree(blocks, taken);
    if (chosen === undefined)
      return { reason: `no ${family} address is left in the pool ${blocks.map(blockText).join(', ') || '(empty)'}` };
    addresses.push(formatAddress(chosen));
  }
  return { addresses };
}

function firstFree(blocks: readonly Cidr[], taken: ReadonlySet<string>): Address | undefined {
  for (const block of blocks) {
    const { first, last } = cidrRange(block);
    const end = formatAddress(last);
    // The network's own address is never given out, nor the last one.
    for (let address = nextAddress(first); address !== undefined && formatAddress(address) !== end; address = nextAddress(address)) {
      if (!taken.has(formatAddress(address))) return address;
    }
  }
  return undefined;
}

function readAddresses(texts: readonly string[]): Address[] {
  return texts.flatMap((text) => parseAddress(text) ?? []);
}

function blockText(block: Cidr): string {
  return `${formatAddress(block.network)}/${block.prefixLength}`;
}
