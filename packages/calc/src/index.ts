/**
 * The incremental engine: Kubernetes objects in, deltas of one node's state out.
 *
 * The only public door of the package.
 */

export type { ReleasedAddress } from './classes/settle-addresses.ts';
export type * from './delta/delta.ts';
export * from './delta/delta-algebra.ts';
export * from './delta/state.ts';
export * from './engine.ts';
export type * from './engine-shapes.ts';
export type { Attachment } from './entries.ts';
export * from './from-scratch.ts';
export type * from './from-scratch-inputs.ts';
export type { NodeInterface } from './hosts/host-endpoints.ts';
export type { PartlyKnownPolicy, ReadKind, RefusedPolicy } from './policies/policy-objects.ts';
export type { RefusedObject } from './population/refused-objects.ts';
export type { RuleHash } from './programs/rule-ids.ts';
export * from './questions/address-pairs.ts';
export * from './questions/judge-flow.ts';
export * from './questions/judge-hosts.ts';
export * from './state-of-engine.ts';
export type { Sizes, Work } from './work.ts';
