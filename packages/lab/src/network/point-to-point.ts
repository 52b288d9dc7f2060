/**
 * The one way in which everything hangs on a router here: a veth pair whose far end has its own
 * /32 (and /128) address and reaches everything else through one gateway.
 *
 * ```
 *   router (node or vnet)                          leaf (pod, node, external host)
 *   weirXXXXXXXXXXX  ee:ee:ee:ee:ee:ee  ─────────  eth0  10.224.0.72/32
 *   route 10.224.0.72 → this interface              default via 169.254.1.1, permanent neighbour ee:ee:…
 * ```
 * The gateway's neighbour entry is permanent, so nothing has to answer for 169.254.1.1; the router
 * resolves the leaf's address by ARP or neighbour discovery as usual.
 */
import { type Address, formatAddress, parseAddress } from '@weir/net';
import { NetworkError } from './netns-names.ts';

/** Gateway of every leaf for IPv4; no interface carries it. */
const leafGatewayIpv4 = '169.254.1.1';
/** Gateway of every leaf for IPv6: the link-local address of the router's interface. */
const leafGatewayIpv6 = 'fe80::1';
const leafLinkLocal = 'fe80::2';
const routerMac = 'ee:ee:ee:ee:ee:ee';

/** A leaf to hang on a router. */
export interface LeafOptions {
  /** Name of the router-side interface. */
  readonly interface: string;
  /** Name of the leaf's namespace, which exists. */
  readonly leafNetns: string;
  /** The leaf's own addresses. */
  readonly addresses: readonly Address[];
  readonly dualStack: boolean;
  readonly mtu?: number;
}

/** What to run in the router's namespace, first. */
export function routerCommands(leaf: LeafOptions): readonly string[] {
  const mtu = leaf.mtu === undefined ? '' : ` mtu ${leaf.mtu}`;
  return [
    `link add ${leaf.interface}${mtu} address ${routerMac} type veth peer name eth0${mtu} netns ${leaf.leafNetns}`,
    ...(leaf.dualStack
      ? [`link set ${leaf.interface} addrgenmode none`, `addr add ${leafGatewayIpv6}/64 dev ${leaf.interface} nodad`]
      : []),
    `link set ${leaf.interface} up`,
    ...leaf.addresses.map((address) => `route add ${hostPrefix(address)} dev ${leaf.interface}`),
  ];
}

/** What to run in the leaf's namespace, second. */
export function leafCommands(leaf: LeafOptions): readonly string[] {
  const has = (family: 4 | 6): boolean => leaf.addresses.some((address) => address.family === family);
  return [
    'link set lo up',
    ...(leaf.dualStack ? ['link set eth0 addrgenmode none', `addr add ${leafLinkLocal}/64 dev eth0 nodad`] : []),
    ...leaf.addresses.map((address) => `addr add ${hostPrefix(address)} dev eth0${address.family === 6 ? ' nodad' : ''}`),
    'link set eth0 up',
    ...(has(4)
      ? [
          `neigh replace ${leafGatewayIpv4} lladdr ${routerMac} dev eth0 nud permanent`,
          `route add ${leafGatewayIpv4} dev eth0 scope link`,
          `route add default via ${leafGatewayIpv4} dev eth0`,
        ]
      : []),
    ...(has(6)
      ? [`neigh replace ${leafGatewayIpv6} lladdr ${routerMac} dev eth0 nud permanent`, `route add default via ${leafGatewayIpv6} dev eth0`]
      : []),
  ];
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
    ...(dualStack ? { 'ipv6/conf/all/forwarding': '1' } : {}),
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

/** The address as a block of its own: `10.0.0.1/32`, `fd00::1/128`. */
function hostPrefix(address: Address): string {
  return `${formatAddress(address)}/${address.family === 4 ? 32 : 128}`;
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
  };
}
