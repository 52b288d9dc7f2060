/** A managed cluster as it is kept, and as answers show it (reference §3.5). Secrets are in neither. */
import type { JsonObject } from '@weir/kube';
import { clusterId, groupId } from '../arm/resource-id.ts';
import { type AgentPool, describeAgentPool } from './agent-pool.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import { filledIn } from './filled-in.ts';
import { describeNetworkProfile, type NetworkProfile } from './network-profile.ts';
import { describeOidcIssuer, type OidcIssuer } from './oidc-issuer.ts';
import type { WindowsProfile } from './windows-profile.ts';

/** States of a cluster. */
type ClusterState = 'Creating' | 'Updating' | 'Upgrading' | 'Deleting' | 'Starting' | 'Stopping' | 'Succeeded' | 'Failed' | 'Canceled';

/** The document of one cluster. */
export interface ManagedCluster {
  readonly subscription: string;
  readonly group: string;
  readonly name: string;
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly sku: { readonly name: string; readonly tier: string };
  readonly identity: ClusterIdentity;
  readonly provisioningState: ClusterState;
  readonly powerState: 'Running' | 'Stopped';
  readonly kubernetesVersion: string;
  readonly currentKubernetesVersion: string;
  readonly dnsPrefix: string;
  /** `<dnsPrefix>-<8 letters>.hcp.<location>.azmk8s.io`. */
  readonly fqdn: string;
  readonly nodeResourceGroup: string;
  readonly network: NetworkProfile;
  readonly windowsProfile?: WindowsProfile;
  readonly pools: readonly AgentPool[];
  readonly disableLocalAccounts: boolean;
  /** Tells clusters of one name apart. */
  readonly resourceUid: string;
  /** Absent in descriptions from before there was one. */
  readonly oidcIssuer?: OidcIssuer | undefined;
  readonly eTag: string;
  /** The cluster of the lab that it is. */
  readonly labCluster: string;
  /** Further properties, shown as they came. */
  readonly more: JsonObject;
}

/** The cluster as an answer of one api-version. */
export function describeCluster(cluster: ManagedCluster, apiVersion: string): object {
  const { subscription, group, name, identity } = cluster;
  return {
    id: clusterId(subscription, group, name),
    name,
    type: 'Microsoft.ContainerService/ManagedClusters',
    location: cluster.location,
    ...(cluster.tags === undefined ? {} : { tags: cluster.tags }),
    kind: 'Base',
    sku: cluster.sku,
    ...(identity.shown === undefined ? {} : { identity: identity.shown }),
    eTag: cluster.eTag,
    properties: describeProperties(cluster, apiVersion),
  };
}

function describeProperties(cluster: ManagedCluster, apiVersion: string): object {
  const { location, dnsPrefix, fqdn, network, windowsProfile, identity } = cluster;
  return {
    ...filledIn(cluster.more, furtherDefaults),
    oidcIssuerProfile: describeOidcIssuer(cluster.oidcIssuer),
    provisioningState: cluster.provisioningState,
    powerState: { code: cluster.powerState },
    kubernetesVersion: cluster.kubernetesVersion,
    currentKubernetesVersion: cluster.currentKubernetesVersion,
    dnsPrefix,
    fqdn,
    azurePortalFQDN: fqdn.replace(`.hcp.${location}.`, `.portal.hcp.${location}.`),
    agentPoolProfiles: cluster.pools.map((pool) => ({ name: pool.name, ...describePoolOf(cluster, pool) })),
    ...(windowsProfile === undefined ? {} : { windowsProfile }),
    servicePrincipalProfile: { clientId: identity.clientId },
    nodeResourceGroup: cluster.nodeResourceGroup,
    enableRBAC: true,
    disableLocalAccounts: cluster.disableLocalAccounts,
    maxAgentPools: 100,
    resourceUID: cluster.resourceUid,
    networkProfile: {
      ...(network.outboundType === 'loadBalancer' ? { loadBalancerProfile: describeLoadBalancer(cluster) } : {}),
      ...describeNetworkProfile(network, apiVersion),
    },
    ...(identity.kubelet === undefined || cluster.provisioningState === 'Creating'
      ? {}
      : { identityProfile: { kubeletidentity: identity.kubelet } }),
  };
}

/** Further properties of a cluster of which nothing is said (reference §3.5). */
const furtherDefaults: JsonObject = {
  supportPlan: 'KubernetesOfficial',
  autoUpgradeProfile: { nodeOSUpgradeChannel: 'NodeImage' },
  securityProfile: {},
  storageProfile: { diskCSIDriver: { enabled: true }, fileCSIDriver: { enabled: true }, snapshotController: { enabled: true } },
  workloadAutoScalerProfile: {},
  metricsProfile: { costAnalysis: { enabled: false } },
  nodeProvisioningProfile: { mode: 'Manual', defaultNodePools: 'Auto' },
  bootstrapProfile: { artifactSource: 'Direct' },
};

/** A pool of a cluster: without its cluster it does not run. */
export function describePoolOf(cluster: ManagedCluster, pool: AgentPool): JsonObject {
  return describeAgentPool(cluster.powerState === 'Stopped' ? { ...pool, powerState: 'Stopped' } : pool);
}

/** The address outside is there once the cluster has been made. */
function describeLoadBalancer({ subscription, nodeResourceGroup, resourceUid, provisioningState }: ManagedCluster): object {
  const id = `${groupId(subscription, nodeResourceGroup)}/providers/Microsoft.Network/publicIPAddresses/${resourceUid}`;
  return {
    managedOutboundIPs: { count: 1 },
    backendPoolType: 'nodeIPConfiguration',
    ...(provisioningState === 'Creating' ? {} : { effectiveOutboundIPs: [{ id }] }),
  };
}

/** Whether any pool has Windows nodes. */
export function hasWindowsPools(pools: readonly AgentPool[]): boolean {
  return pools.some(({ osType }) => osType === 'Windows');
}

/** A cluster and its pools in one state. */
export function inState(cluster: ManagedCluster, state: 'Creating' | 'Updating' | 'Upgrading' | 'Deleting' | 'Succeeded'): ManagedCluster {
  return { ...cluster, provisioningState: state, pools: cluster.pools.map((pool) => ({ ...pool, provisioningState: state })) };
}

/** A cluster of which an operation has not come to its end: what was on its way is there no more than that. */
export function settledAs(cluster: ManagedCluster, state: 'Failed' | 'Canceled'): ManagedCluster {
  const pools = cluster.pools.map((pool) => (isEnd(pool.provisioningState) ? pool : { ...pool, provisioningState: state }));
  return { ...cluster, provisioningState: state, pools };
}

/** Whether nothing is on its way. */
export function isSettled({ provisioningState, pools }: ManagedCluster): boolean {
  return isEnd(provisioningState) && pools.every((pool) => isEnd(pool.provisioningState));
}

/** Whether all that the description says is there. */
export function isMade({ provisioningState }: ManagedCluster): boolean {
  return provisioningState === 'Succeeded';
}

function isEnd(state: string): boolean {
  return ['Succeeded', 'Failed', 'Canceled'].includes(state);
}
