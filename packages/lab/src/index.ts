/**
 * A Kubernetes cluster on one machine from network namespaces.
 *
 * The only public door of the package.
 */
export * from './network/external-host.ts';
export * from './network/netns-names.ts';
export * from './network/node-network.ts';
export * from './network/pod-network.ts';
export * from './network/virtual-network.ts';
export type * from './node/node-options.ts';
