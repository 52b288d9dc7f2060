/**
 * What stands for a refused policy of which no version was ever accepted: it isolates whom it selects and
 * allows nothing. What cannot be read counts against the traffic: without readable types it isolates both
 * directions, without a readable pod selector also every pod of the namespace.
 */
import type { NetworkPolicy, NetworkPolicySpec, PolicyType } from '@weir/kube';
import { type DirectionRules, networkPolicyOrder, type Policy } from '@weir/model';
import { compileNetworkPolicy, networkPolicyRef, type PositionLookup } from './compile-network-policy.ts';
import { compilePodSelector } from './compile-selector.ts';

const bothTypes: readonly PolicyType[] = ['Ingress', 'Egress'];

const nothingAllowed: DirectionRules = { isolates: true, rules: [] };

/** The closed stand-in for a refused policy; its `metadata` must be readable. */
export function closedNetworkPolicy(policy: NetworkPolicy, positionOf: PositionLookup = () => undefined): Policy {
  const subject = subjectOf(policy.spec);
  for (const policyTypes of [typesOf(policy.spec), bothTypes]) {
    const { policy: closed } = compileNetworkPolicy({ ...policy, spec: { ...subject, policyTypes } }, { positionOf });
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
