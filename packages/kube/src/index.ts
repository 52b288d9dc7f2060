/**
 * Kubernetes API objects as data: types, resource registry, selectors, validation, manifests.
 *
 * The only public door of the package.
 */
export * from './archive/index.ts';
export * from './audit/index.ts';
export * from './cel/index.ts';
export * from './custom-resource/index.ts';
export * from './field-error.ts';
export * from './manifest/index.ts';
export * from './network-policy/index.ts';
export * from './node-report/index.ts';
export * from './objects/index.ts';
export * from './protobuf/index.ts';
export * from './quantities/index.ts';
export * from './registry/index.ts';
export * from './schedule/index.ts';
export * from './selectors/index.ts';
export * from './shape/index.ts';
export * from './validation/index.ts';
