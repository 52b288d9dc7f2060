/** The blocks of which load balancers of a cluster get their addresses. */
import { type Cidr, cidrContains, cidrFamily, cidrRange, familyBits, parseCidr } from '@weir/net';
import type { NetworkShape } from '../network/network-shape.ts';

/** Outside of the cluster's own network: blocks for documentation (RFC 5737, RFC 3849). */
const usualPool = { ipv4: '198.51.100.0/24', ipv6: '2001:db8:51:100::/120' } as const;

/** What a cluster says of its pool. */
interface PoolSettings {
  /** Absent: the usual blocks. */
  readonly loadBalancerPool?: readonly string[] | undefined;
  readonly dualStack: boolean;
}

/** The blocks, IPv4 first where nothing else is said. */
export function loadBalancerPoolOf({ loadBalancerPool, dualStack }: PoolSettings): readonly string[] {
  return loadBalancerPool ?? [usualPool.ipv4, ...(dualStack ? [usualPool.ipv6] : [])];
}

/** Why the blocks cannot be a pool, in words for people; undefined when they can. */
export function loadBalancerPoolProblem(settings: PoolSettings, network: NetworkShape): string | undefined {
  const inUse = [...network.virtualNetwork, ...network.podCidrs, ...network.serviceCidrs];
  for (const text of loadBalancerPoolOf(settings)) {
    const block = parseCidr(text);
    if (block === undefined) return `"${text}" is no block of addresses: write it like ${usualPool.ipv4}`;
    if (cidrFamily(block) === 6 && !settings.dualStack) return `${text}: load balancers have IPv6 addresses only with --dual-stack`;
    if (familyBits(cidrFamily(block)) - block.prefixLength < 2)
      return `${text} has no address to give away: its first and last are left out`;
    const other = inUse.find((each) => overlap(block, parseCidr(each)));
    if (other !== undefined) return `${text} overlaps with ${other}, which the cluster uses itself: choose a block outside of it`;
  }
  return undefined;
}

function overlap(a: Cidr, b: Cidr | undefined): boolean {
  return b !== undefined && cidrFamily(a) === cidrFamily(b) && (cidrContains(a, cidrRange(b).first) || cidrContains(b, cidrRange(a).first));
}
