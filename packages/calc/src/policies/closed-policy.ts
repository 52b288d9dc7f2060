/**
 * What stands in for a policy that was refused and never accepted: it isolates whom it selects and
 * allows nothing. Where even that part cannot be read, it selects the whole namespace. Only an engine
 * that does not enforce what it does not support has a stand-in that does nothing.
 */
import { compileNetworkPolicy, compilePodSelector, networkPolicyRef } from '@weir/compile';
import type { NetworkPolicy, NetworkPolicySpec, PolicyType } from '@weir/kube';
import { type DirectionRules, networkPolicyOrder, type Policy } from '@weir/policy';

const bothTypes: readonly PolicyType[] = ['Ingress', 'Egress'];

const nothingAllowed: DirectionRules = { isolates: true, rules: [] };

/** The closed form of a policy. */
export function closedPolicy(policy: NetworkPolicy): Policy {
  const subject = subjectOf(policy.spec);
  for (const policyTypes of [typesOf(policy.spec), bothTypes]) {
    const { policy: closed } = compileNetworkPolicy({ ...policy, spec: { ...subject, policyTypes } });
    if (closed !== undefined) return closed;
  }
  const ref = networkPolicyRef(policy);
  return {
    ref,
    order: networkPolicyOrder,
    subject: compilePodSelector({}, ref.namespace ?? ''),
    staged: false,
    ingress: nothingAllowed,
    egress: nothingAllowed,
  };
}

/** The form of a policy that is not enforced: it selects its pods, so that their nodes tell of it, and says nothing about them. */
export function unenforcedPolicy(policy: NetworkPolicy): Policy {
  const { ref, order, subject, staged } = closedPolicy(policy);
  return { ref, order, subject, staged };
}

function subjectOf(spec: NetworkPolicySpec | undefined): Pick<NetworkPolicySpec, 'podSelector'> {
  return spec?.podSelector === undefined ? {} : { podSelector: spec.podSelector };
}

/** The directions as the policy gives them; without that, egress counts as soon as it is mentioned. */
function typesOf(spec: NetworkPolicySpec | undefined): readonly PolicyType[] {
  const types = spec?.policyTypes;
  if (types !== undefined && types !== null && types.length > 0) return types;
  const egress: unknown = spec?.egress;
  const isMentioned = egress !== undefined && egress !== null && !(Array.isArray(egress) && egress.length === 0);
  return isMentioned ? bothTypes : ['Ingress'];
}
