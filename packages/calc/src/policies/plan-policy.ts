/**
 * A policy's rules in the shape of programs, before what depends on the endpoint is filled in.
 *
 * A planned rule knows its sets and its ports; its id and the numbers behind port names of the local endpoint
 * come later: the id from the table of all rules in use, the numbers from the endpoint.
 */

import type { Direction, Policy, PolicyRef, Rule, Side } from '@weir/model';
import { unionOfAddressRanges } from '@weir/net';
import { addressSet, rangeSet, readingFor } from '../delta/set-spec.ts';
import { mergeBlocks } from './merge-blocks.ts';
import { planRule } from './plan-rule.ts';
import type { BlockLimits, PlannedPolicy, PlannedRule } from './planned-rule.ts';

/** Blocks mean everybody, and there are no nodes. */
const everybody: BlockLimits = { withoutPods: false, withoutNodes: false, ownNode: [], otherNodes: [] };

/** How a policy is planned. */
export interface PlanManner {
  readonly limits?: BlockLimits;
  /** Tells the policy from all others. */
  readonly name?: string;
  /** Plans one rule; default is for pods: see `planHostRule` for others. */
  readonly planOne?: typeof planRule;
}

/** Plans both directions of a policy. */
export function planPolicy(
  policy: Policy,
  { limits = everybody, name = policyIdentity(policy.ref), planOne = planRule }: PlanManner = {},
): PlannedPolicy {
  const plan = (direction: Direction, rules: readonly Rule[]): PlannedRule[] => {
    const taken = new Map<string, number>();
    return mergeBlocks(rules)
      .flatMap((rule) => {
        const planned = planOne(rule, direction, limits);
        const remote = direction === 'ingress' ? rule.match.source : rule.match.destination;
        return planned.map((one) => limitPeers(one, remote, limits));
      })
      .map((planned) => ({ ...planned, identity: unique(`${name} ${planned.identity}`, taken) }));
  };
  const ingress = policy.ingress === undefined ? undefined : plan('ingress', policy.ingress.rules);
  const egress = policy.egress === undefined ? undefined : plan('egress', policy.egress.rules);
  return {
    usesLocalNames: [ingress, egress].some((rules) => rules?.some(({ localNames }) => localNames !== undefined) === true),
    ...(ingress === undefined ? {} : { ingress }),
    ...(egress === undefined ? {} : { egress }),
  };
}

/** The kind, namespace and name of a policy as one text, with its place among the policies of its object, and the part of it. */
export function policyIdentity({ apiVersion, kind, namespace, name }: PolicyRef, { place, part }: PolicyPlace = wholePolicy): string {
  const identity = `${apiVersion}/${kind}/${namespace ?? ''}/${name}`;
  return place === 0 && part === 0 ? identity : `${identity} ${part === 0 ? place : `${place}.${part}`}`;
}

/** Which policy of an object, and which part of that one. */
export interface PolicyPlace {
  readonly place: number;
  readonly part: number;
}

const wholePolicy: PolicyPlace = { place: 0, part: 0 };

/** A rule, but not about those whom its blocks, or all that it says, do not mean; what is uncertain is read as in an exclusion of the rule. */
function limitPeers(
  planned: PlannedRule,
  { nets, outside }: Side,
  { withoutPods, withoutNodes, ownNode, otherNodes }: BlockLimits,
): PlannedRule {
  const limits: PlannedRule['peer'][number][] = [];
  const isLimited = (byBlocks: boolean): boolean => outside === true || (nets !== undefined && byBlocks);
  if (isLimited(withoutPods)) limits.push({ spec: addressSet({ kind: 'all' }, readingFor(planned.action, true)), negated: true });
  const nodes = isLimited(withoutNodes) ? unionOfAddressRanges([...ownNode, ...otherNodes]) : [];
  if (nodes.length > 0) limits.push({ spec: rangeSet(nodes), negated: true });
  return limits.length === 0 ? planned : { ...planned, peer: [...planned.peer, ...limits] };
}

/** Tells apart rules of one policy that the origin alone does not. */
function unique(identity: string, taken: Map<string, number>): string {
  const earlier = taken.get(identity) ?? 0;
  taken.set(identity, earlier + 1);
  return earlier === 0 ? identity : `${identity} #${earlier + 1}`;
}
