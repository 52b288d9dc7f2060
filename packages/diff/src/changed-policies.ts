/** The policies that say something else than they did, by what they say and not by where they stand. */
import type { Direction, Policy, PolicyWorld, Tier } from '@weir/model';
import { groupBy } from '@weir/net';
import { isSameValue } from './same-value.ts';

/** Those of either side; a policy that moves in the order counts. */
export function changedPolicies(before: PolicyWorld, after: PolicyWorld): readonly Policy[] {
  const left = groupBy(differingPolicies(before, after), ({ tier, policy }) => keyOf(tier, policy));
  const changed: Policy[] = [];
  for (const { tier, policy } of differingPolicies(after, before)) {
    // One object may be several policies of a tier, in their order.
    const was = left.get(keyOf(tier, policy))?.shift();
    if (was === undefined) changed.push(policy);
    else if (!isSameTier(was.tier, tier) || !saysTheSame(was.policy, policy)) changed.push(was.policy, policy);
  }
  return [...changed, ...[...left.values()].flatMap((rest) => rest.map(({ policy }) => policy))];
}

/** A policy with its tier. */
export interface PlacedPolicy {
  readonly tier: Tier;
  readonly policy: Policy;
}

/** The policies of each tier between those with which it begins and ends in the other world, too: of two snapshots of which one was made from the other they are few. */
export function differingPolicies({ tiers }: PolicyWorld, other: PolicyWorld): readonly PlacedPolicy[] {
  return tiers.flatMap((tier) => {
    const otherTier = other.tiers.find(({ name }) => name === tier.name);
    const [own, others] = [tier.policies, otherTier !== undefined && isSameTier(tier, otherTier) ? otherTier.policies : []];
    const shorter = Math.min(own.length, others.length);
    let first = 0;
    while (first < shorter && own[first] === others[first]) first++;
    let rest = 0;
    while (rest < shorter - first && own[own.length - 1 - rest] === others[others.length - 1 - rest]) rest++;
    return own.slice(first, own.length - rest).map((policy) => ({ tier, policy }));
  });
}

/** The policies that are the same objects on both sides: snapshots of which one was made from the other share what did not change. */
export function sharedPolicies(before: PolicyWorld, after: PolicyWorld): ReadonlySet<Policy> {
  const young = policiesOf(after);
  return new Set(before.tiers.flatMap(({ policies }) => policies.filter((policy) => young.has(policy))));
}

function policiesOf({ tiers }: PolicyWorld): ReadonlySet<Policy> {
  return new Set(tiers.flatMap(({ policies }) => policies));
}

function keyOf({ name: tier }: Tier, { ref: { apiVersion, kind, namespace = '', name } }: Policy): string {
  return `${tier} ${apiVersion} ${kind} ${namespace} ${name}`;
}

function isSameTier(was: Tier, is: Tier): boolean {
  return was.order === is.order && was.end === is.end;
}

function saysTheSame(was: Policy, is: Policy): boolean {
  return was === is || (saysTheSameIn(was, is, 'ingress') && areSameRules(was.egress, is.egress));
}

/** Whether two policies, of the same tier, are the same to the traffic of one direction. */
export function saysTheSameIn(was: Policy, is: Policy, direction: Direction): boolean {
  return (
    was.order === is.order &&
    was.staged === is.staged &&
    was.orderedBy === is.orderedBy &&
    isSameValue(was.appliesTo, is.appliesTo) &&
    isSameValue(was.subject, is.subject) &&
    areSameRules(was[direction], is[direction])
  );
}

function areSameRules(was: Policy['ingress'], is: Policy['ingress']): boolean {
  if (was === undefined || is === undefined) return was === is;
  return (
    was.isolates === is.isolates &&
    was.rules.length === is.rules.length &&
    was.rules.every(({ action, match }, at) => action === is.rules[at]?.action && isSameValue(match, is.rules[at].match))
  );
}
