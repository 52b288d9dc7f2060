/**
 * The data-plane contract, the reconciler and the back ends.
 *
 * The only public door of the package.
 */
export type * from './dataplane.ts';
export * from './ebpf/index.ts';
export * from './hns/index.ts';
export * from './iptables/index.ts';
export * from './nftables/index.ts';
