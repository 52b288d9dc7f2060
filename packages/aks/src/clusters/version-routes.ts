/** Which versions of Kubernetes there are, and which a cluster may go to (reference §3.1). */
import { type ApiVersions, type ArmHandler, type ArmRequest, type ArmRoute, ok } from '../arm/arm-message.ts';
import { clusterId, containerService } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import type { AgentPool } from './agent-pool.ts';
import { clusterVersions } from './cluster-routes.ts';
import { type ClusterStore, resourceNotFound } from './cluster-store.ts';
import { compareVersions, nextNodeImage, offeredVersions, upgradesOf } from './kubernetes-versions.ts';
import type { ManagedCluster } from './managed-cluster.ts';

/** az 2.45 asks in the words of that day. */
const orchestratorVersions: ApiVersions = { ...clusterVersions, type: 'locations/orchestrators', first: '2017-09-30' };

/** Adds the routes. */
export function addVersionRoutes(routes: RouteTable<ArmRoute>, store: ClusterStore): void {
  const location = `/subscriptions/{subscription}/providers/${containerService}/locations/{location}`;
  const cluster = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${containerService}/managedClusters/{cluster}`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: clusterVersions });
  add(`GET ${location}/kubernetesVersions`, () => ok({ values: offeredVersions.map(describeVersion) }));
  const handle: ArmHandler = () => ok(describeOrchestrators());
  routes.add(`GET ${location}/orchestrators`, { handle, open: false, versions: orchestratorVersions });
  const clusterOf = ({ parameters }: ArmRequest): ManagedCluster =>
    store.get({ group: parameters['group'] ?? '', name: parameters['cluster'] ?? '' });
  add(`GET ${cluster}/upgradeProfiles/default`, (request) => ok(describeUpgrades(clusterOf(request))));
  add(`GET ${cluster}/agentPools/{pool}/upgradeProfiles/default`, (request) => {
    const found = clusterOf(request);
    const { pool: name = '' } = request.parameters;
    const pool = found.pools.find((each) => each.name === name.toLowerCase());
    if (pool === undefined) throw resourceNotFound(`managedClusters/${found.name}/agentPools/${name}`, found.group);
    return ok(describePoolUpgrades(found, pool));
  });
  add(`GET ${cluster}/availableAgentPoolVersions`, (request) => {
    const { subscription, group, name, currentKubernetesVersion } = clusterOf(request);
    const upTo = offeredVersions.flatMap(({ patches }) => patches).filter((patch) => compareVersions(patch, currentKubernetesVersion) <= 0);
    return ok({
      id: `${clusterId(subscription, group, name)}/availableAgentPoolVersions`,
      name: 'default',
      type: `${containerService}/managedClusters/availableAgentPoolVersions`,
      properties: {
        agentPoolVersions: upTo.map((version) => ({ kubernetesVersion: version, default: version === currentKubernetesVersion })),
      },
    });
  });
}

function describeUpgrades({ subscription, group, name, currentKubernetesVersion, pools }: ManagedCluster): object {
  return {
    id: `${clusterId(subscription, group, name)}/upgradeprofiles/default`,
    name: 'default',
    type: `${containerService}/managedClusters/upgradeprofiles`,
    properties: {
      controlPlaneProfile: {
        name: 'master',
        kubernetesVersion: currentKubernetesVersion,
        osType: 'Linux',
        upgrades: upgradesOf(currentKubernetesVersion).map(describeUpgrade),
      },
      agentPoolProfiles: pools.map((pool) => ({
        name: pool.name,
        kubernetesVersion: pool.currentOrchestratorVersion,
        osType: pool.osType,
        upgrades: upgradesOf(pool.currentOrchestratorVersion).map(describeUpgrade),
      })),
    },
  };
}

/** A pool may go as far as its control plane has gone. */
function describePoolUpgrades({ subscription, group, name, currentKubernetesVersion }: ManagedCluster, pool: AgentPool): object {
  const { currentOrchestratorVersion: own, osType, nodeImageVersion } = pool;
  const versions = offeredVersions.flatMap(({ patches }) => patches);
  const upgrades = versions.filter(
    (version) => compareVersions(version, own) > 0 && compareVersions(version, currentKubernetesVersion) <= 0,
  );
  return {
    id: `${clusterId(subscription, group, name)}/agentPools/${pool.name}/upgradeProfiles/default`,
    name: 'default',
    type: `${containerService}/managedClusters/agentPools/upgradeProfiles`,
    properties: {
      kubernetesVersion: own,
      osType,
      upgrades: upgrades.map(describeUpgrade),
      latestNodeImageVersion: nextNodeImage(nodeImageVersion),
    },
  };
}

function describeUpgrade(kubernetesVersion: string): object {
  const isPreview = offeredVersions.some((offered) => offered.isPreview === true && offered.patches.includes(kubernetesVersion));
  return { kubernetesVersion, ...(isPreview ? { isPreview } : {}) };
}

function describeVersion({ minor, patches, isDefault, isPreview, isLongTermOnly }: (typeof offeredVersions)[number]): object {
  return {
    version: `1.${minor}`,
    ...(isDefault === true ? { isDefault: true } : {}),
    ...(isPreview === true ? { isPreview: true } : {}),
    capabilities: { supportPlan: isLongTermOnly === true ? ['AKSLongTermSupport'] : ['KubernetesOfficial', 'AKSLongTermSupport'] },
    patchVersions: Object.fromEntries(patches.map((patch) => [patch, { upgrades: upgradesOf(patch) }])),
  };
}

/** What az 2.45 asks for instead. */
function describeOrchestrators(): object {
  const orchestrators = offeredVersions.flatMap(({ patches, isDefault, isPreview }) =>
    patches.map((patch) => ({
      orchestratorType: 'Kubernetes',
      orchestratorVersion: patch,
      ...(isDefault === true && patch === patches.at(-1) ? { default: true } : {}),
      ...(isPreview === true ? { isPreview: true } : {}),
      upgrades: upgradesOf(patch).map((version) => ({ orchestratorType: 'Kubernetes', orchestratorVersion: version })),
    })),
  );
  return { id: '', name: 'default', type: `${containerService}/locations/orchestrators`, properties: { orchestrators } };
}
