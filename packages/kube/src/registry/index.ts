/** The registry of kinds: what a server must know of each, as data. */
export * from './built-in-resources.ts';
export * from './conform.ts';
export { builtInSchemas, defineResource, objectName, type ResourceOptions } from './define-resource.ts';
export * from './human-duration.ts';
export * from './json-object.ts';
export { customResourceCleanup, customResourceDefinitionResource, setCondition } from './kinds/custom-resource-definition.ts';
export { jobLabels } from './kinds/job.ts';
export { isTerminating, namespaceFinalizer } from './kinds/namespace.ts';
export { systemPriorities } from './kinds/pod-class.ts';
export { podQosClass } from './kinds/pod-defaults.ts';
export { scaleResource } from './kinds/scale.ts';
export { isDefaultStorageClass, storageClassResource } from './kinds/storage-class.ts';
export * from './resource-definition.ts';
export * from './resource-registry.ts';
export type * from './schema.ts';
export * from './schema-notation.ts';
