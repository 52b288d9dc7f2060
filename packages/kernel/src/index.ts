/**
 * The only door to the machine: namespaces, sockets, terminals, netlink, nf_tables, conntrack.
 *
 * The only public door of the package.
 */
export type {};
