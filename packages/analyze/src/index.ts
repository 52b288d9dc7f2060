/**
 * Reasons and matrices over manifests or a live cluster; pure.
 *
 * The only public door of the package.
 */
export * from './explain-flow.ts';
export * from './matrix.ts';
export type * from './readable-objects.ts';
export * from './service-backends.ts';
export * from './snapshot.ts';
