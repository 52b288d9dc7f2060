/** Which kinds of policies a cluster's API server serves: those of the policy APIs that its engine reads. */
import {
  adminNetworkPolicyDefinition,
  baselineAdminNetworkPolicyDefinition,
  ciliumDefinitions,
  clusterNetworkPolicyDefinition,
} from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import { type EngineName, engineProfiles, type PolicyApi } from '@weir/model';

/** One line an API; NetworkPolicies are built in, and Calico's kinds come with the rest of Calico (`calico/install-calico.ts`). */
const definitionsOfApi: Readonly<Record<PolicyApi, readonly KubeObject[]>> = {
  NetworkPolicy: [],
  ClusterNetworkPolicy: [clusterNetworkPolicyDefinition, adminNetworkPolicyDefinition, baselineAdminNetworkPolicyDefinition],
  Calico: [],
  Cilium: ciliumDefinitions,
};

/** The definitions that a cluster with this engine has. */
export function policyDefinitionsOf(engine: EngineName): readonly KubeObject[] {
  return engineProfiles[engine].policyApis.flatMap((api) => definitionsOfApi[api]);
}
