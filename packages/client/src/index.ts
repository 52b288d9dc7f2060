/**
 * A client for any Kubernetes API server: requests, informers, kubeconfig.
 *
 * The only public door of the package.
 */
export * from './abort-after.ts';
export * from './api-error.ts';
export type * from './api-transport.ts';
export * from './backoff.ts';
export type * from './connection.ts';
export * from './in-cluster.ts';
export * from './informer.ts';
export * from './kube-client.ts';
export * from './kubeconfig.ts';
export * from './make-directory.ts';
export * from './resource-path.ts';
export type { WatchEvent } from './watch-stream.ts';
