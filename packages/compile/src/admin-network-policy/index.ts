/** The public door of this folder: the ancestors of ClusterNetworkPolicy. */
import { administratorPolicyCompiler } from '../cluster-network-policy/administrator-policy-compiler.ts';
import { adminNetworkPolicyKind, baselineAdminNetworkPolicyKind } from './read-admin-network-policy.ts';

export { adminNetworkPolicyDefinition, baselineAdminNetworkPolicyDefinition } from './admin-network-policy-definitions.ts';

/** Reads AdminNetworkPolicies and the BaselineAdminNetworkPolicy. */
export const adminNetworkPolicyCompiler: ReturnType<typeof administratorPolicyCompiler> = administratorPolicyCompiler([
  adminNetworkPolicyKind,
  baselineAdminNetworkPolicyKind,
]);
