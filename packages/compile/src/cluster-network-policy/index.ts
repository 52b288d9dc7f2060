/** The public door of this folder: ClusterNetworkPolicies. */
import { administratorPolicyCompiler } from './administrator-policy-compiler.ts';
import { clusterNetworkPolicyKind } from './read-cluster-network-policy.ts';

export { clusterNetworkPolicyDefinition } from './cluster-network-policy-definition.ts';

/** Reads ClusterNetworkPolicies. */
export const clusterNetworkPolicyCompiler: ReturnType<typeof administratorPolicyCompiler> = administratorPolicyCompiler([
  clusterNetworkPolicyKind,
]);
export { writeClusterNetworkPolicy } from './write-cluster-network-policy.ts';
