/** From the body of a PUT to the cluster that it asks for: defaults, what is kept of the current one, and all rules. */
import { randomBytes, randomUUID } from 'node:crypto';
import { type JsonObject, objectAt, objectsAt, textAt } from '@weir/kube';
import { providerError } from '../arm/arm-error.ts';
import { groupId } from '../arm/resource-id.ts';
import type { FindIdentity } from '../identity/user-identities.ts';
import { regionOf } from '../resources/regions.ts';
import { tagsOf } from '../resources/tags.ts';
import { type AgentPool, checkImmutable, readAgentPool } from './agent-pool.ts';
import { clusterFieldsProblem } from './cluster-fields.ts';
import { readIdentity } from './cluster-identity.ts';
import { checkClusterTypes } from './field-types.ts';
import { defaultVersion } from './kubernetes-versions.ts';
import { hasWindowsPools, type ManagedCluster } from './managed-cluster.ts';
import { type NetworkProfile, readNetworkProfile } from './network-profile.ts';
import { networkProblem } from './network-rules.ts';
import { readOidcIssuer } from './oidc-issuer.ts';
import { poolsProblem } from './pool-rules.ts';
import { readControlPlaneVersion, withVersion } from './version-rules.ts';
import { readWindowsProfile } from './windows-profile.ts';

/** What a body is read for. */
export interface ClusterContext {
  readonly subscription: string;
  readonly tenant: string;
  readonly group: string;
  readonly groupLocation: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly hasWindowsPolicyFeature: boolean;
  readonly findIdentity: FindIdentity;
  readonly current: ManagedCluster | undefined;
}

/** The addresses of the nodes' network; the lab has this one. */
export const vnet = '10.224.0.0/16';

/** The cluster that is asked for. Throws 400 for what may not be; transitions of an existing one are judged elsewhere. */
export function readCluster(body: JsonObject, context: ClusterContext): ManagedCluster {
  const { subscription, group, name, apiVersion, current } = context;
  checkClusterTypes(body);
  const properties = objectAt(body, 'properties') ?? {};
  const location = readLocation(body, context);
  const askedVersion = textAt(properties, 'kubernetesVersion') || (current?.kubernetesVersion ?? defaultVersion());
  const { kubernetesVersion, currentKubernetesVersion } = readControlPlaneVersion(name, askedVersion, current);
  const network = readNetworkProfile(properties, {
    kubernetesVersion,
    apiVersion,
    ...(current === undefined ? {} : { current: current.network }),
  });
  const askedProfile = objectAt(properties, 'networkProfile');
  const isAzureNamed = textAt(askedProfile, 'networkPlugin').toLowerCase() === 'azure';
  const windowsProfile = readWindowsProfile(properties, isAzureNamed && current === undefined, current?.windowsProfile);
  const pools = readPools(properties, { network, kubernetesVersion, currentKubernetesVersion, current: current?.pools ?? [] });
  const nodeResourceGroup = textAt(properties, 'nodeResourceGroup') || (current?.nodeResourceGroup ?? `MC_${group}_${name}_${location}`);
  const problem =
    clusterFieldsProblem(body) ??
    networkProblem({
      profile: network,
      apiVersion,
      askedPolicy: textAt(askedProfile, 'networkPolicy'),
      hasWindowsPools: hasWindowsPools(pools),
      vnet,
    }) ??
    poolsProblem({
      cluster: name,
      pools,
      network,
      windowsProfile,
      hasWindowsPolicyFeature: context.hasWindowsPolicyFeature,
    });
  if (problem !== undefined) throw problem;
  const nodeGroup = groupId(subscription, nodeResourceGroup);
  const identity = readIdentity(body, {
    tenant: context.tenant,
    findIdentity: context.findIdentity,
    nodeGroup,
    cluster: name,
    current: current?.identity,
  });
  const dnsPrefix = textAt(properties, 'dnsPrefix') || (current?.dnsPrefix ?? name);
  const tags = tagsOf(body) ?? current?.tags;
  return {
    subscription,
    group,
    name: current?.name ?? name,
    location,
    ...(tags === undefined ? {} : { tags }),
    sku: { name: textAt(objectAt(body, 'sku'), 'name') || 'Base', tier: textAt(objectAt(body, 'sku'), 'tier') || 'Free' },
    identity,
    provisioningState: current === undefined ? 'Creating' : 'Updating',
    powerState: current?.powerState ?? 'Running',
    kubernetesVersion,
    currentKubernetesVersion,
    dnsPrefix,
    fqdn: current?.fqdn ?? `${dnsPrefix.toLowerCase()}-${randomBytes(4).toString('hex')}.hcp.${location}.azmk8s.io`,
    nodeResourceGroup,
    network,
    ...(windowsProfile === undefined ? {} : { windowsProfile }),
    pools,
    disableLocalAccounts: properties['disableLocalAccounts'] === true,
    oidcIssuer: readOidcIssuer(properties, { location, tenant: context.tenant, kubernetesVersion, current }),
    resourceUid: current?.resourceUid ?? randomBytes(12).toString('hex'),
    eTag: randomUUID(),
    labCluster: current?.labCluster ?? labClusterName(),
    more: furtherProperties(properties, current?.more),
  };
}

function readLocation(body: JsonObject, { groupLocation, current }: ClusterContext): string {
  const text = textAt(body, 'location') || groupLocation;
  const region = regionOf(text);
  if (region === undefined) {
    throw providerError(
      400,
      'LocationNotAvailableForResourceType',
      `The provided location '${text.slice(0, 80)}' is not available for resource type 'Microsoft.ContainerService/managedClusters'.`,
    );
  }
  if (current !== undefined && current.location !== region.name) {
    throw providerError(
      409,
      'InvalidResourceLocation',
      `The resource '${current.name}' already exists in location '${current.location}' in resource group '${current.group}'. A resource with the same name cannot be created in location '${region.name}'. Please select a new resource name.`,
    );
  }
  return region.name;
}

interface PoolsContext {
  readonly network: NetworkProfile;
  readonly kubernetesVersion: string;
  readonly currentKubernetesVersion: string;
  readonly current: readonly AgentPool[];
}

/** Pools that the body leaves out stay: a PUT of the cluster adds and changes, and never removes one. */
function readPools(properties: JsonObject, { current, network, ...versions }: PoolsContext): readonly AgentPool[] {
  const asked = objectsAt(properties, 'agentPoolProfiles');
  const pools = asked.map((pool) => {
    const known = current.find(({ name }) => name === textAt(pool, 'name'));
    const context = { ...versions, maxPodsDefault: maxPodsDefault(network), ...(known === undefined ? {} : { current: known }) };
    return [readAgentPool(textAt(pool, 'name'), pool, context), known] as const;
  });
  for (const [pool, known] of pools) if (known !== undefined) checkImmutable(known, pool, `agentPoolProfiles.${pool.name}`);
  const rest = current.filter(({ name }) => !pools.some(([pool]) => pool.name === name));
  return [...pools, ...rest.map((pool) => [pool, pool] as const)].map(([pool, known]) =>
    withVersion(pool, versions.currentKubernetesVersion, known),
  );
}

/** How many pods a node has when nothing is said (reference §3.9). */
export function maxPodsDefault({ networkPlugin, networkPluginMode }: NetworkProfile): number {
  if (networkPlugin === 'kubenet') return 110;
  return networkPlugin === 'azure' && networkPluginMode !== 'overlay' ? 30 : 250;
}

/** Properties that are read above, or that only answers have. */
const notFurther = new Set(
  `agentPoolProfiles networkProfile windowsProfile kubernetesVersion dnsPrefix nodeResourceGroup disableLocalAccounts
   provisioningState powerState currentKubernetesVersion fqdn azurePortalFQDN identityProfile resourceUID maxAgentPools
   servicePrincipalProfile enableRBAC oidcIssuerProfile`.split(/\s+/),
);
/** They hold secrets, and nothing here uses them. */
const secretProperties = new Set(['aadProfile', 'httpProxyConfig']);

function furtherProperties(properties: JsonObject, current: JsonObject | undefined): JsonObject {
  const given = Object.entries(properties).filter(
    ([name, value]) => !notFurther.has(name) && !secretProperties.has(name) && value !== null,
  );
  return { ...current, ...Object.fromEntries(given) };
}

/** Clusters of the lab share one space of names; a managed cluster's own name is told by the group, too. */
function labClusterName(): string {
  return `aks-${randomBytes(4).toString('hex')}`;
}
