/** What an engine is made with, and what it answers beside deltas. */
import type { PolicyCompiler } from '@weir/compile';
import type { EnforcementTarget, PolicyRef } from '@weir/model';
import type { RuleHash } from './programs/rule-ids.ts';

/** Which pods of the node are local endpoints: those that the start gate announced, or also those that are listed with an address. */
export type LocalPods = 'announced' | 'listed';

/** What an engine is made with. */
export interface EngineOptions {
  /** The name of the node whose pods are local. */
  readonly node: string;
  /** Which engine's behaviour, on which operating system. Default is `kubernetes` on Linux. */
  readonly target?: EnforcementTarget;
  /** The policy APIs that are read. Default are those of the target's engine. */
  readonly compilers?: readonly PolicyCompiler[];
  /** Default is `listed`. */
  readonly localPods?: LocalPods;
  /** The hash behind rule ids. Default is `shortHash` of `@weir/net`; only real reason to give another one is to see collisions. */
  readonly ruleHash?: RuleHash;
}

/** A pod by name. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** A pod that has an address. */
export interface OwningPod extends PodName {
  readonly uid: string;
}

/** An object that is about endpoints of the node: a policy that selects some, or a host endpoint. */
export interface LocalPolicy {
  readonly policy: PolicyRef;
  /** `metadata.uid` of the object that the policy came from. */
  readonly uid: string;
  /** `metadata.generation` of the version in force; absent when it is not known, or closed in place of a refused version. */
  readonly generation?: number;
  readonly endpoints: number;
  /** The uids of the host endpoints that the object is; absent for a policy. */
  readonly hosts?: readonly string[];
}

/** What the engine waits for before it says anything: `pods`, `namespaces`, `nodes`, and kinds of policy APIs by their names (`policyKindName`). */
export type Source = string;
