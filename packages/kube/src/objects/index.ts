/** The Kubernetes objects that Weir reads, as narrow readonly types. */
export * from './field-selection.ts';
export type * from './label-selector.ts';
export * from './namespace.ts';
export * from './namespaced-kinds.ts';
export type * from './network-policy.ts';
export type * from './node.ts';
export type * from './node-selector.ts';
export type * from './object-meta.ts';
export type * from './persistent-volume.ts';
export type * from './pod.ts';
export * from './resource-version.ts';
export type * from './security-context.ts';
export type * from './service.ts';
export type * from './status.ts';
export type * from './volume.ts';
