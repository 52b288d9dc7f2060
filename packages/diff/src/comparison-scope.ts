/**
 * How much of a cluster a difference may be about: everybody, pods that are something else, or policies alone. Each is
 * compared in its own way, and the first way holds for all.
 */
import { type AddressGroupName, asksOfEnd, type DirectionRules, type Policy, type PolicyWorld, type Side as RuleSide } from '@weir/model';
import { differingPolicies } from './changed-policies.ts';
import type { ComparedSides } from './joint-ends.ts';
import type { PairedPod } from './paired-pods.ts';
import { isSameValue } from './same-value.ts';

/** Whether something is different that all ends are judged by. */
export function isAboutAll({ before, after }: ComparedSides): boolean {
  const worlds = [before.world, after.world];
  const [was, is] = [before.world, after.world].map(({ profile, unknownNamespaces, podRanges }) => [
    profile.name,
    [...unknownNamespaces].sort(),
    podRanges,
  ]);
  if (worlds.some(({ asksHosts }) => asksHosts) || !isSameValue(was, is) || !isSameValue(before.nodes, after.nodes)) return true;
  return !areSameGroups(before.world, after.world);
}

/** Whether rules of either side ask for what is not told of single ends. */
export function asksMoreThanEnds({ before, after }: ComparedSides): boolean {
  let isAsked = unusual.get(before.world);
  if (isAsked === undefined) {
    isAsked = before.world.tiers.some(({ policies }) => policies.some(isUnusual));
    unusual.set(before.world, isAsked);
  }
  return isAsked || differingPolicies(after.world, before.world).some(({ policy }) => isUnusual(policy));
}

/** Worlds of which many edits are compared. */
const unusual: WeakMap<PolicyWorld, boolean> = new WeakMap();

/** Whether rules of a policy ask for what is kept by others, for nodes, or for more of the pod that they are of than its policies: its labels or addresses. */
function isUnusual({ ingress, egress }: Policy): boolean {
  return areUnusual(ingress, 'destination') || areUnusual(egress, 'source');
}

function areUnusual(rules: DirectionRules | undefined, own: 'source' | 'destination'): boolean {
  if (rules === undefined) return false;
  for (const { match } of rules.rules) {
    if (isUnusualSide(match.source) || isUnusualSide(match.destination) || asksOfEnd(match[own])) return true;
  }
  return false;
}

function isUnusualSide({ groups, node }: RuleSide): boolean {
  return groups !== undefined || node !== undefined;
}

/** Whether every group that rules ask for is what it was; one that rules of one side alone ask for need not be known to the other. */
function areSameGroups(before: PolicyWorld, after: PolicyWorld): boolean {
  if (before.membersOf === after.membersOf) return true;
  const [was, is] = [groupsOf(before), groupsOf(after)];
  return [...new Set([...was, ...is])].every((group) => {
    const [old, young] = [before.membersOf(group), after.membersOf(group)];
    const isOnOneSide = !(was.has(group) && is.has(group));
    return isSameValue(old, young) || (isOnOneSide && (was.has(group) ? young : old).length === 0);
  });
}

/** The groups that rules of a world ask for. */
function groupsOf({ tiers }: PolicyWorld): ReadonlySet<AddressGroupName> {
  const found = new Set<AddressGroupName>();
  for (const { policies } of tiers)
    for (const { ingress, egress } of policies)
      for (const rules of [ingress, egress])
        for (const { match } of rules?.rules ?? [])
          for (const side of [match.source, match.destination]) for (const group of side.groups ?? []) found.add(group);
  return found;
}

/** Whether a pod is something else to rules than it was, or on one side only. */
export function isOtherPod({ before, after }: PairedPod): boolean {
  if (before === after) return false;
  if (before === undefined || after === undefined) return true;
  const [was, is] = [before.labels, after.labels];
  return !(
    before.namespace === after.namespace &&
    before.node === after.node &&
    isSameValue(was.pod, is.pod) &&
    isSameValue(was.namespace, is.namespace) &&
    isSameValue(was.serviceAccount, is.serviceAccount) &&
    isSameReserved(was.reserved, is.reserved) &&
    isSameValue(before.namedPorts, after.namedPorts) &&
    isSameValue(before.addresses, after.addresses)
  );
}

/** The name is the pod's own, and no rule asks for it. */
function isSameReserved(was: Readonly<Record<string, string>>, is: Readonly<Record<string, string>>): boolean {
  for (const key in was) if (key !== 'name' && was[key] !== is[key]) return false;
  for (const key in is) if (was[key] === undefined) return false;
  return true;
}
