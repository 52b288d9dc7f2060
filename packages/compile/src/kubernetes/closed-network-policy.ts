/**
 * What stands for a refused policy of which no version was ever accepted: it isolates and allows
 * nothing. What cannot be read counts against the traffic: without a readable pod selector it
 * selects every pod of the namespace, without readable types it isolates both directions.
 */
import { checkNetworkPolicyShape, type NetworkPolicy, type NetworkPolicySpec, validateNetworkPolicy } from '@weir/kube';
import { defined } from '@weir/net';
import type { DirectionRules, Policy } from '@weir/policy';
import { compileNetworkPolicy, type PositionLookup } from './compile-network-policy.ts';

const nothing: DirectionRules = { isolates: true, rules: [] };

/** The closed stand-in for a refused policy; its `metadata` must be readable. */
export function closedNetworkPolicy(policy: NetworkPolicy, positionOf: PositionLookup = () => undefined): Policy {
  const { policy: compiled } = compileNetworkPolicy({ ...policy, spec: closedSpec(policy.spec ?? {}) }, { positionOf });
  const { ingress, egress, ...others } = defined(compiled, 'a policy without peers and ports is valid');
  return { ...others, ...(ingress === undefined ? {} : { ingress: nothing }), ...(egress === undefined ? {} : { egress: nothing }) };
}

function closedSpec({ podSelector, policyTypes, egress }: NetworkPolicySpec): NetworkPolicySpec {
  const subject = isReadable({ podSelector: podSelector ?? {} }) ? { podSelector: podSelector ?? {} } : {};
  if (!isReadable({ policyTypes: policyTypes ?? [] })) return { ...subject, policyTypes: ['Ingress', 'Egress'] };
  // Only whether there are egress rules counts here, for the default of policyTypes.
  const hasEgress = Array.isArray(egress) ? egress.length > 0 : egress !== undefined && egress !== null;
  return { ...subject, policyTypes: policyTypes ?? [], ...(hasEgress ? { egress: [{}] } : {}) };
}

function isReadable(spec: NetworkPolicySpec): boolean {
  return checkNetworkPolicyShape({ spec }).length === 0 && validateNetworkPolicy({ metadata: {}, spec }).length === 0;
}
