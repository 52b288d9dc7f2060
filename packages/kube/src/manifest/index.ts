/** Manifests with source positions, and what is said about them. */
export * from './diagnostic.ts';
export * from './format-manifest.ts';
export * from './parse-manifest.ts';
