/**
 * The only door to the machine: namespaces, sockets, terminals, netlink, links and routes, nf_tables, conntrack.
 *
 * The only public door of the package.
 */

export * from './bpf/index.ts';
export * from './conntrack/conntrack.ts';
export type { ConntrackTuple, TrackedConnection } from './conntrack/conntrack-entry.ts';
export * from './conntrack/conntrack-events.ts';
export type * from './hns/hns-door.ts';
export { HnsError } from './hns/hns-door.ts';
export { openWindowsHnsDoor } from './hns/windows-hns-door.ts';
export { SystemCallError } from './libc/libc.ts';
export * from './netlink/index.ts';
export * from './netns/in-netns.ts';
export * from './netns/named-netns.ts';
export * from './nftables/index.ts';
export * from './packet-log/packet-log.ts';
export * from './process/capabilities.ts';
export * from './process/netns-programs.ts';
export * from './process/replace-process.ts';
export * from './raw/port-claim.ts';
export * from './raw/raw-socket.ts';
export { describeRouteChange, type NextHop, type RouteChange } from './route/route-change.ts';
export * from './route/route-connection.ts';
export * from './sockets/tcp.ts';
export * from './sockets/udp.ts';
export * from './terminal/pty.ts';
