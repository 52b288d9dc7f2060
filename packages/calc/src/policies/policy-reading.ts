/**
 * How policies are read on this node: what the engine supports on its operating system, whom its blocks
 * and what its port names mean, and what stands in for a policy that is refused.
 */
import type { CompiledObject, PlacedPolicy, PolicyCompiler, ReferredObjects } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import { type EnforcementTarget, type NumberOfName, withNumberedNames } from '@weir/model';
import type { NodeRanges } from '../population/node-addresses.ts';
import { planNodeRule, planTransitRule } from './plan-host-rule.ts';
import { planPolicy } from './plan-policy.ts';
import { planRule } from './plan-rule.ts';
import type { BlockLimits, PlannedPolicy } from './planned-rule.ts';
import type { PolicyMentions } from './policy-mentions.ts';
import type { PolicyPart } from './policy-parts.ts';

/**
 * What is in force instead of a refused version: the accepted one, a closed one, or nothing at all; `elsewhere`: itself,
 * but for pods that policies select together with it which have no order with it.
 */
export type RefusedInForce = 'accepted' | 'closed' | 'nothing' | 'elsewhere';

/** What stands in for a refused version when no other was ever accepted. */
export type StandIn = Exclude<RefusedInForce, 'accepted' | 'elsewhere'>;

/** See above; the addresses of nodes and the numbers of port names are the only things that change. */
export class PolicyReading {
  readonly target: EnforcementTarget;
  readonly #numberOf: NumberOfName;
  #nodes: NodeRanges = { own: [], others: [] };

  constructor(target: EnforcementTarget, numberOf: NumberOfName) {
    this.target = target;
    this.#numberOf = numberOf;
  }

  /** Whether plans of policies with port names in egress rules depend on the numbers of these in the cluster. */
  get numbersPortNames(): boolean {
    return numbersPortNames(this.target);
  }

  /** The addresses that are nodes' now. Gives whose plans depend on them. */
  setNodes(nodes: NodeRanges): (mentions: PolicyMentions) => boolean {
    this.#nodes = nodes;
    const { ipBlockMatchesNodes } = this.target.profile;
    return (mentions) => mentions.nodes || (mentions.blocks && !ipBlockMatchesNodes);
  }

  /** Whether pods of this node reach it whatever policies say. */
  get podReachesOwnNode(): boolean {
    return this.target.profile.podReachesOwnNode.includes(this.target.system);
  }

  /** `name` tells the policy from all others. */
  plan({ policy, hosts }: Pick<PolicyPart, 'policy' | 'hosts'>, name: string): PlannedPolicy {
    const read = this.numbersPortNames ? withNumberedNames(policy, this.#numberOf) : policy;
    return planPolicy(read, { limits: blockLimits(this.target, this.#nodes), name, planOne: plannerFor(hosts) });
  }
}

/** How rules of a part are planned. */
export function plannerFor(hosts: PolicyPart['hosts']): typeof planRule {
  if (hosts === undefined) return planRule;
  return hosts.own === 'node' ? planNodeRule : planTransitRule;
}

/** An object of a policy API that is read. */
export interface ReadObject {
  readonly compiler: PolicyCompiler;
  readonly object: KubeObject;
  readonly referred: ReferredObjects;
}

/** What stands in for an object that was refused for these reasons and never accepted. */
export function standInFor(target: EnforcementTarget, diagnostics: CompiledObject['diagnostics']): StandIn {
  return isUnenforced(target, diagnostics) ? 'nothing' : 'closed';
}

/** The policies of a stand-in. One that is not enforced selects its pods, so that their nodes tell of it, and says nothing about them. */
export function standInPolicies({ compiler, object, referred }: ReadObject, standIn: StandIn): readonly PlacedPolicy[] {
  const closed = compiler.closed(object, referred);
  if (standIn === 'closed') return closed;
  return closed.map(({ tier, policy: { ref, order, subject, staged } }) => ({ tier, policy: { ref, order, subject, staged } }));
}

/** Whether port names of egress rules stand for one number in the whole cluster. */
export function numbersPortNames({ profile }: EnforcementTarget): boolean {
  return profile.egressPortNames === 'one number in the cluster';
}

/** Whom the target's blocks do not mean, and who the nodes are. */
export function blockLimits({ profile }: EnforcementTarget, { own, others }: NodeRanges): BlockLimits {
  return {
    withoutPods: !profile.ipBlockMatchesPods,
    withoutNodes: !profile.ipBlockMatchesNodes,
    ownNode: own,
    otherNodes: others,
  };
}

/** Whether the engine leaves alone what it does not support. What is not valid is closed by every engine. */
function isUnenforced({ profile }: EnforcementTarget, diagnostics: CompiledObject['diagnostics']): boolean {
  return profile.unsupportedPolicies === 'not enforced' && diagnostics.every(({ code }) => code === 'unsupported-policy');
}
