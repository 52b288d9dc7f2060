/** Cilium's policies as one policy API among others. */
import type { PolicyCompiler } from '../policy-api.ts';
import {
  ciliumCidrGroupKind,
  ciliumClusterwideNetworkPolicyKind,
  ciliumNetworkPolicyKind,
  endpointSliceKind,
  nodeKind,
  serviceKind,
} from './objects/cilium-policy.ts';
import { closedCiliumPolicy } from './policies/closed-cilium-policy.ts';
import { compileCiliumPolicy } from './policies/compile-cilium-policy.ts';

/** Compiles them. */
export const ciliumCompiler: PolicyCompiler = {
  api: 'Cilium',
  policyKinds: [ciliumNetworkPolicyKind, ciliumClusterwideNetworkPolicyKind],
  referredKinds: [ciliumCidrGroupKind, serviceKind, endpointSliceKind, nodeKind],
  compile: compileCiliumPolicy,
  closed: closedCiliumPolicy,
};
