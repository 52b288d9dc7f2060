/**
 * How much of a cluster a difference may be about: everybody, pods that are something else, or policies alone. Each is
 * compared in its own way, and the first way holds for all.
 */
import { asksOfEnd, type DirectionRules, type Policy, type Side as RuleSide } from '@weir/model';
import type { ComparedSides } from './joint-ends.ts';
import type { PairedPod } from './paired-pods.ts';
import { isSameValue } from './same-value.ts';

/** Whether something is different that all ends are judged by, or rules ask for what is not told of single ends. */
export function isAboutAll({ before, after }: ComparedSides): boolean {
  const worlds = [before.world, after.world];
  const [was, is] = [before.world, after.world].map(({ profile, unknownNamespaces, podRanges }) => [
    profile.name,
    [...unknownNamespaces].sort(),
    podRanges,
  ]);
  if (worlds.some(({ asksHosts }) => asksHosts) || !isSameValue(was, is) || !isSameValue(before.nodes, after.nodes)) return true;
  return worlds.some(({ tiers }) => tiers.some(({ policies }) => policies.some(isUnusualPolicy)));
}

/** What is known of policies: those that did not change are looked at again at every edit. */
const unusualPolicies = new WeakMap<Policy, boolean>();

function isUnusualPolicy(policy: Policy): boolean {
  let unusual = unusualPolicies.get(policy);
  if (unusual === undefined) {
    unusual = areUnusual(policy.ingress, 'destination') || areUnusual(policy.egress, 'source');
    unusualPolicies.set(policy, unusual);
  }
  return unusual;
}

/** Whether rules ask for what is kept by others, for nodes, or for more of the pod that they are of than its policies: its labels or addresses. */
function areUnusual(rules: DirectionRules | undefined, own: 'source' | 'destination'): boolean {
  if (rules === undefined) return false;
  return rules.rules.some(({ match }) => isUnusual(match.source) || isUnusual(match.destination) || asksOfEnd(match[own]));
}

function isUnusual({ groups, node }: RuleSide): boolean {
  return groups !== undefined || node !== undefined;
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
