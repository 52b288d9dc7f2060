/** Which versions of Kubernetes there are, and which a cluster may go to (reference §3.1). */
import { type ArmHandler, type ArmRoute, ok } from '../arm/arm-message.ts';
import { clusterId, containerService } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import { clusterVersions } from './cluster-routes.ts';
import type { ClusterService } from './cluster-service.ts';
import { offeredVersions, upgradesOf } from './kubernetes-versions.ts';

/** Adds the routes. */
export function addVersionRoutes(routes: RouteTable<ArmRoute>, service: ClusterService): void {
  const location = `/subscriptions/{subscription}/providers/${containerService}/locations/{location}`;
  const cluster = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${containerService}/managedClusters/{cluster}`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: clusterVersions });
  add(`GET ${location}/kubernetesVersions`, () => ok({ values: offeredVersions.map(describeVersion) }));
  add(`GET ${location}/orchestrators`, () => ok(describeOrchestrators()));
  add(`GET ${cluster}/upgradeProfiles/default`, ({ parameters }) => {
    const { subscription, group, name, currentKubernetesVersion, pools } = service.get({
      group: parameters['group'] ?? '',
      name: parameters['cluster'] ?? '',
    });
    const upgrades = upgradesOf(currentKubernetesVersion).map((kubernetesVersion) => ({ kubernetesVersion }));
    return ok({
      id: `${clusterId(subscription, group, name)}/upgradeprofiles/default`,
      name: 'default',
      type: `${containerService}/managedClusters/upgradeprofiles`,
      properties: {
        controlPlaneProfile: { kubernetesVersion: currentKubernetesVersion, osType: 'Linux', upgrades },
        agentPoolProfiles: pools.map((pool) => ({
          name: pool.name,
          kubernetesVersion: pool.currentOrchestratorVersion,
          osType: pool.osType,
          upgrades: upgradesOf(pool.currentOrchestratorVersion).map((version) => ({ kubernetesVersion: version })),
        })),
      },
    });
  });
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
