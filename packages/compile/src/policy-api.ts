/**
 * What the folders of this package have in common: how objects of a policy API become policies of the model.
 *
 * A policy may refer to other objects (a tier, a network set, a group of blocks, nodes). It asks for them while it is
 * compiled, and whoever compiles keeps what was asked for, to compile anew when one of them changes.
 */
import type { FieldSelection, KubeObject, Node } from '@weir/kube';
import type { Direction, EngineProfile, Failsafe, HostEndpoint, PodToHost, Policy, PolicyApi, Tier } from '@weir/model';
import type { CompileOptions } from './kubernetes/compile-network-policy.ts';
import type { PolicyDiagnostic } from './policy-diagnostic.ts';
import type { RuleForm } from './unknown-fields/rule-form.ts';

/** A tier without its policies; equal names have equal orders and ends. */
export type TierPlace = Omit<Tier, 'policies'>;

/** A policy and the tier that it is in. */
export interface PlacedPolicy {
  readonly tier: TierPlace;
  readonly policy: Policy;
}

/** What one object becomes: what it says, or nothing and at least one error; an object that says nothing has neither. */
export interface CompiledObject {
  readonly policies: readonly PlacedPolicy[];
  /** The host endpoints that it is; absent for objects of most kinds. */
  readonly hosts?: readonly HostEndpoint[];
  /** What it sets for host endpoints; absent for objects of most kinds. */
  readonly hostSettings?: HostSettingsLayer;
  readonly diagnostics: readonly PolicyDiagnostic[];
}

/** What an object sets for the host endpoints of one node, or of all where no other object does; absent parts are left as they are. */
export interface HostSettingsLayer {
  readonly node?: string;
  readonly failsafes?: Readonly<Partial<Record<Direction, readonly Failsafe[]>>>;
  readonly podToHost?: PodToHost;
}

/** A kind of objects that a policy API reads. */
export interface PolicyKind {
  readonly group: string;
  /** The versions that can be read, the preferred one first. */
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** What its objects are that are no policies; absent: policies, or what those refer to. */
  readonly holds?: 'hosts' | 'settings';
  /** The condition in the status of its objects that says whether they are taken; absent: they have none. */
  readonly condition?: string;
  /** Whether every API server serves it; others may not be installed. */
  readonly isBuiltIn?: boolean;
  /** What compiling reads of its objects, for whoever keeps many of them; everything when absent. */
  readonly fields?: FieldSelection;
  /** The group and versions in which people write it, where it is stored in another one. */
  readonly writtenAs?: Pick<PolicyKind, 'group' | 'versions'> & {
    /** The name that people gave it, where it may be stored under another one. */
    nameOf(stored: KubeObject): string;
  };
}

/** The objects that others refer to; every question is noted by whoever answers it. */
export interface ReferredObjects {
  get(kind: PolicyKind, name: string, namespace?: string): KubeObject | undefined;
  list(kind: PolicyKind, namespace?: string): readonly KubeObject[];
}

/** One policy API: a folder of this package. */
export interface PolicyCompiler {
  readonly api: PolicyApi;
  /** The kinds whose objects are policies. */
  readonly policyKinds: readonly PolicyKind[];
  /** The kinds that these refer to. */
  readonly referredKinds: readonly PolicyKind[];
  /** How its rules are found in an object. */
  readonly rules: RuleForm;
  /** Holds the object to what is known: a field that is not is an error. */
  compile(object: KubeObject, referred: ReferredObjects, options?: CompileOptions): CompiledObject;
  /**
   * What stands in for an object that is refused and was never accepted: whom it selects is isolated, and nothing is
   * let through by it. What cannot be read counts against the traffic. Empty for what is never enforced.
   */
  closed(object: KubeObject, referred: ReferredObjects, options?: CompileOptions): readonly PlacedPolicy[];
  /** The same for an object that is a host endpoint: one that lets nothing through by itself. */
  closedHosts?(object: KubeObject): readonly HostEndpoint[];
  /** The host endpoint that every node is; undefined with engines whose host endpoints are objects of their own, or that have none. */
  hostOfNode?(node: Node, profile: EngineProfile): HostEndpoint | undefined;
}

/** An object with what it takes to compile it. */
export interface CompiledSubject {
  readonly compiler: PolicyCompiler;
  readonly object: KubeObject;
  readonly referred: ReferredObjects;
}
