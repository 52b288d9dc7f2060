/**
 * The objects of a cluster or of manifests, read once: what every answer starts from.
 *
 * The only public door of the package.
 */
export * from './default-namespace.ts';
export * from './edit-snapshot.ts';
export { type EntryRoute, entryRoutes } from './entry-objects.ts';
export { listed, listedMax } from './listed-names.ts';
export type * from './readable-objects.ts';
export { groupVersionOf, plainObject } from './readable-objects.ts';
export * from './referred-among.ts';
export * from './service-backends.ts';
export * from './snapshot.ts';
export * from './workloads/assumed-cluster.ts';
export * from './workloads/copies.ts';
export type { PodWorkload } from './workloads/workload.ts';
export { workloadKey } from './workloads/workload.ts';
