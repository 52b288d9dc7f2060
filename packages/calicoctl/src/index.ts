/**
 * The surface of calicoctl on the Kubernetes data store, for people without calicoctl.
 *
 * The only public door of the package.
 */
export { type CalicoctlStreams, calicoctlCompletions, type RunCalicoctlOptions, runCalicoctl } from './run-calicoctl.ts';
