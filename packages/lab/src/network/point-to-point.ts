/**
 * The one way in which everything hangs on a router here: a veth pair whose far end has its own
 * /32 (and /128) address and reaches everything else through one gateway.
 *
 * ```
 *   router (node or vnet)                          leaf (pod, node, external host)
 *   weirXXXXXXXXXXX  ee:ee:ee:ee:ee:ee  ─────────  eth0  10.224.0.72/32  02:57:0a:e0:00:48
 *   route 10.224.0.72 → this interface              default via 169.254.1.1
 *   permanent neighbour 10.224.0.72                 permanent neighbour 169.254.1.1
 * ```
 * Both ends know the other's hardware address for good. Nothing has to answer for 169.254.1.1, no first
 * packet waits for an answer, and the kernel's table of learned neighbours, which all namespaces of the
 * machine share and which overflows at 1 024 entries, is not used.
 */
import type { RouteChange } from '@weir/kernel';
import { type Address, addressToBytes, assert, cidrOf, familyBits, parseAddress, singleAddressCidr } from '@weir/net';
import { NetworkError } from './netns-names.ts';

/** Gateway of every leaf for IPv4; no interface carries it. */
const leafGatewayIpv4 = literal('169.254.1.1');
/** Gateway of every leaf for IPv6: the link-local address of the router's interface. */
const leafGatewayIpv6 = literal('fe80::1');
const leafLinkLocal = literal('fe80::2');
const routerMac = 'ee:ee:ee:ee:ee:ee';
const leafDevice = 'eth0';

/** A leaf to hang on a router. */
export interface LeafOptions {
  /** Name of the router-side interface. */
  readonly interface: string;
  /** Name of the leaf's namespace, which exists. */
  readonly leafNetns: string;
  /** The leaf's own addresses. */
  readonly addresses: readonly Address[];
  readonly dualStack: boolean;
}

/** What to change in the router's namespace, first. */
export function routerChanges(leaf: LeafOptions): readonly RouteChange[] {
  const { interface: device, addresses } = leaf;
  const mac = leafMac(leaf);
  return [
    { kind: 'addVeth', device, mac: routerMac, peer: { device: leafDevice, mac, netns: leaf.leafNetns } },
    ...linkUp(device, leaf.dualStack ? [{ address: leafGatewayIpv6, prefixLength: 64 }] : [], leaf.dualStack),
    ...addresses.flatMap((address): RouteChange[] => [
      { kind: 'addRoute', destination: singleAddressCidr(address), to: { device } },
      { kind: 'setNeighbour', address, mac, device },
    ]),
  ];
}

/** What to change in the leaf's namespace, second. */
export function leafChanges(leaf: LeafOptions): readonly RouteChange[] {
  const gateways = [leafGatewayIpv4, leafGatewayIpv6].filter(({ family }) => leaf.addresses.some((address) => address.family === family));
  const own = leaf.addresses.map((address) => ({ address, prefixLength: familyBits(address.family) }));
  return [
    { kind: 'setLink', device: 'lo', up: true },
    ...linkUp(leafDevice, [...(leaf.dualStack ? [{ address: leafLinkLocal, prefixLength: 64 }] : []), ...own], leaf.dualStack),
    ...gateways.flatMap((via): RouteChange[] => [
      { kind: 'setNeighbour', address: via, mac: routerMac, device: leafDevice },
      { kind: 'addRoute', destination: cidrOf(via, 0), to: { device: leafDevice, via } },
    ]),
  ];
}

/** An interface with its addresses, up. With IPv6 its link-local address is given, not made up by the kernel. */
function linkUp(
  device: string,
  addresses: readonly { readonly address: Address; readonly prefixLength: number }[],
  ...[dualStack]: [boolean]
): readonly RouteChange[] {
  return [
    ...(dualStack ? [{ kind: 'setLink', device, withoutLinkLocal: true } as const] : []),
    ...addresses.map((each) => ({ kind: 'addAddress', device, ...each }) as const),
    { kind: 'setLink', device, up: true },
  ];
}

/** A hardware address that tells whose it is: `02:57` and the last four bytes of the leaf's first address. */
function leafMac({ addresses: [first] }: LeafOptions): string {
  assert(first !== undefined, 'a leaf has an address');
  const bytes = [0x02, 0x57, ...addressToBytes(first).slice(-4)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Kernel parameters of a namespace that forwards between leaves. */
export function routerSysctls(dualStack: boolean): Readonly<Record<string, string>> {
  return {
    'ipv4/ip_forward': '1',
    // Strict on pod interfaces only: the effective value is the larger one of `all` and the interface's.
    'ipv4/conf/all/rp_filter': '0',
    'ipv4/conf/default/rp_filter': '0',
    // Traffic that leaves where it came in (a pod reaching itself through its Service) is meant that way.
    'ipv4/conf/all/send_redirects': '0',
    'ipv4/conf/default/send_redirects': '0',
    // Where a route has several gateways, flows are told apart by their ports too.
    'ipv4/fib_multipath_hash_policy': '1',
    ...(dualStack ? { 'ipv6/conf/all/forwarding': '1', 'ipv6/fib_multipath_hash_policy': '1' } : {}),
    ...familySysctls(dualStack),
  };
}

/** Kernel parameters of a pod or an external host, as container runtimes set them. */
export function leafSysctls(dualStack: boolean): Readonly<Record<string, string>> {
  return {
    'ipv4/ip_unprivileged_port_start': '0',
    'ipv4/ping_group_range': '0\t2147483647',
    'ipv4/conf/all/accept_redirects': '0',
    ...familySysctls(dualStack),
  };
}

/** Reads literal addresses; throws a NetworkError for the first that is none or is not usable on a host. */
export function readAddresses(texts: readonly string[]): readonly Address[] {
  return texts.map((text) => {
    const address = parseAddress(text);
    if (address === undefined) throw new NetworkError('invalid-address', `"${text}" is no IP address`);
    return address;
  });
}

function familySysctls(dualStack: boolean): Readonly<Record<string, string>> {
  // In a single-stack network IPv6 is off altogether: link-local traffic would bypass a policy that names IPv4 addresses only.
  const off = dualStack ? '0' : '1';
  return {
    'ipv6/conf/all/disable_ipv6': off,
    'ipv6/conf/default/disable_ipv6': off,
    'ipv6/conf/default/accept_ra': '0',
    // Whoever tries many ports of a pod hears of each that nobody listens there: kernels tell one peer so once a second.
    'ipv4/icmp_ratelimit': '0',
    'ipv6/icmp/ratelimit': '0',
  };
}

function literal(text: string): Address {
  const address = parseAddress(text);
  assert(address !== undefined, `not a literal address: ${text}`);
  return address;
}
