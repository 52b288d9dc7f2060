/**
 * The incremental engine: Kubernetes objects in, deltas of one node's state out.
 *
 * The only public door of the package.
 */
export type * from './delta.ts';
