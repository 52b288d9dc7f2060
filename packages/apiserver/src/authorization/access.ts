/** Questions of access: who wants to do what, and the answer. */
import type { FieldRequirement } from '@weir/kube';
import type { UserInfo } from '../server/api-message.ts';

/** What is to be done to a resource. */
export interface ResourceAccess {
  readonly kind: 'resource';
  readonly verb: string;
  readonly group: string;
  /** Plural, without a subresource. */
  readonly resource: string;
  readonly subresource: string;
  /** Empty for cluster-scoped resources, and for all namespaces. */
  readonly namespace: string;
  /** Empty for collections, unless a field selector names one object. */
  readonly name: string;
  /** Which objects of a collection are asked for. */
  readonly fields?: readonly FieldRequirement[];
}

/** What is to be done to a path that is no resource. */
interface PathAccess {
  readonly kind: 'path';
  readonly verb: string;
  readonly path: string;
}

/** One or the other. */
export type Access = ResourceAccess | PathAccess;

/** The answer; the reason names the binding that allows, or what is missing, or is empty. */
export interface AccessDecision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Answers questions of access. */
export interface Authorizer {
  decide(user: UserInfo, access: Access): AccessDecision;
  /** All rules of a user in a namespace. */
  rulesOf(user: UserInfo, namespace: string): readonly PolicyRule[];
}

/** One rule of a role. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** The group that may do everything, whatever roles say (`--authorization-mode` with the bootstrap superuser group). */
export const superuserGroup = 'system:masters';
