/**
 * The incremental engine: Kubernetes objects in, deltas of one node's state out.
 *
 * The only public door of the package.
 */
export * from './address-pairs.ts';
export type * from './delta.ts';
export * from './delta-algebra.ts';
export * from './engine.ts';
export type { Attachment } from './entries.ts';
export * from './from-scratch.ts';
export * from './judge-flow.ts';
export type { RefusedPolicy } from './policies.ts';
export type { RefusedObject } from './refused-objects.ts';
export type { RuleHash } from './rule-ids.ts';
export * from './state.ts';
export type { Sizes, Work } from './work.ts';
