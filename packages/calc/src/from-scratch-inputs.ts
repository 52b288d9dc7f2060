/** What the state that is computed without increments is computed from: see `from-scratch.ts`. */
import type { PolicyCompiler } from '@weir/compile';
import type { KubeObject, Namespace, NetworkPolicy, Node, Pod } from '@weir/kube';
import type { AddressGroupName, EnforcementTarget, GroupMember } from '@weir/model';
import type { Attachment } from './entries.ts';
import type { NodeInterface } from './hosts/host-endpoints.ts';
import type { RuleHash } from './programs/rule-ids.ts';

/** Everything that a node's state depends on. */
export interface Inputs {
  readonly node: string;
  readonly pods: readonly Pod[];
  readonly namespaces: readonly Namespace[];
  readonly policies: readonly NetworkPolicy[];
  /** The objects of policy APIs besides, by the names of their kinds. */
  readonly objects?: Readonly<Record<string, readonly KubeObject[]>>;
  /** The last accepted versions, as `Engine.acceptedPolicies` gives them. */
  readonly accepted: readonly KubeObject[];
  readonly attachments: readonly Attachment[];
  /** Asked only where `target` can select pods by them. */
  readonly serviceAccounts?: readonly KubeObject[];
  /** Groups of addresses; one that is not there is empty. */
  readonly groups?: ReadonlyMap<AddressGroupName, readonly GroupMember[]>;
  /** Asked only where `target` depends on them. */
  readonly nodes?: readonly Node[];
  /** Those of the node, asked for host endpoints that are known by their addresses. */
  readonly interfaces?: readonly NodeInterface[];
  /** As in `EngineOptions`. */
  readonly target?: EnforcementTarget;
  /** As in `EngineOptions`. */
  readonly compilers?: readonly PolicyCompiler[];
  /** Both as in `EngineOptions`. */
  readonly localPods?: 'announced' | 'listed';
  readonly ruleHash?: RuleHash;
}
