/** Cilium's policies as one policy API among others. */
import { endpointSliceKind, nodeKind, serviceKind } from '../core-kinds.ts';
import type { PolicyCompiler } from '../policy-api.ts';
import { ciliumHostOfNode } from './objects/cilium-host.ts';
import { ciliumCidrGroupKind, ciliumClusterwideNetworkPolicyKind, ciliumNetworkPolicyKind } from './objects/cilium-policy.ts';
import { closedCiliumPolicy } from './policies/closed-cilium-policy.ts';
import { compileCiliumPolicy } from './policies/compile-cilium-policy.ts';

/** Compiles them. */
export const ciliumCompiler: PolicyCompiler = {
  api: 'Cilium',
  policyKinds: [ciliumNetworkPolicyKind, ciliumClusterwideNetworkPolicyKind],
  referredKinds: [ciliumCidrGroupKind, serviceKind, endpointSliceKind, nodeKind],
  rules: {
    sections: ['ingress', 'ingressDeny', 'egress', 'egressDeny'],
    actionOf: (section) => (section.endsWith('Deny') ? 'deny' : 'allow'),
    // What stands beside the lists of peers may be another list of peers.
    narrows: (within) => /^(toPorts|icmps|(from|to)CIDRSet)\[\d+\]\.(?!cidrGroupSelector\b)/.test(within),
  },
  compile: compileCiliumPolicy,
  closed: closedCiliumPolicy,
  hostOfNode: ciliumHostOfNode,
};
