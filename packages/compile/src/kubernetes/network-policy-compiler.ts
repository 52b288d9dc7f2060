/** networking.k8s.io NetworkPolicy as one policy API among others: every policy is one of the default tier. */
import { networkPolicyFields } from '@weir/kube';
import type { Policy } from '@weir/model';
import type { PlacedPolicy, PolicyCompiler, PolicyKind } from '../policy-api.ts';
import { closedNetworkPolicy } from './closed-network-policy.ts';
import { compileNetworkPolicy } from './compile-network-policy.ts';
import { defaultTier } from './default-tier.ts';

/** Kubernetes' own policies. */
export const networkPolicyKind: PolicyKind = {
  group: 'networking.k8s.io',
  versions: ['v1'],
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  namespaced: true,
  isBuiltIn: true,
  fields: networkPolicyFields,
};

const { policies: _none, ...tier } = defaultTier([]);

/** Compiles them; they refer to nothing. */
export const networkPolicyCompiler: PolicyCompiler = {
  api: 'NetworkPolicy',
  policyKinds: [networkPolicyKind],
  referredKinds: [],
  rules: { sections: ['ingress', 'egress'], actionOf: () => 'allow', narrows: () => false },
  compile(object, _referred, options) {
    const { policy, diagnostics } = compileNetworkPolicy(object, options);
    return { policies: policy === undefined ? [] : [inDefaultTier(policy)], diagnostics };
  },
  closed: (object, _referred, options) => [inDefaultTier(closedNetworkPolicy(object, options?.positionOf))],
};

function inDefaultTier(policy: Policy): PlacedPolicy {
  return { tier, policy };
}
