/** The registry of kinds: what a server must know of each, as data. */
export * from './json-object.ts';
export * from './resource-definition.ts';
export * from './resource-registry.ts';
export type * from './schema.ts';
