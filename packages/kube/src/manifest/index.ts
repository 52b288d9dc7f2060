/** Manifests with source positions, and what is said about them. */
export * from './diagnostic.ts';
export * from './format-commented-manifest.ts';
export * from './format-manifest.ts';
export type * from './manifest-text.ts';
export * from './parse-manifest.ts';
export * from './parse-values.ts';
export * from './read-manifests.ts';
