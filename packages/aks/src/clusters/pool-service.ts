/** Node pools of a cluster, asked for one at a time: added, changed, scaled, upgraded, re-imaged, removed. */
import type { JsonObject } from '@weir/kube';
import { gatewayError, providerError } from '../arm/arm-error.ts';
import { containerService } from '../arm/resource-id.ts';
import type { Operation } from '../operations/operation.ts';
import { type AgentPool, type PoolState, readAgentPool } from './agent-pool.ts';
import type { ClusterName, ClusterService } from './cluster-service.ts';
import { currentVersion, nextNodeImage, parseVersion } from './kubernetes-versions.ts';
import { hasWindowsPools, type ManagedCluster } from './managed-cluster.ts';
import { networkProblem } from './network-rules.ts';
import { poolsProblem } from './pool-rules.ts';
import { maxPodsDefault, vnet } from './read-cluster.ts';

/** Names a pool as a path does. */
export interface PoolName extends ClusterName {
  readonly pool: string;
}

/** A pool and the operation that is under way on it. */
export interface BegunPoolChange {
  readonly cluster: ManagedCluster;
  readonly pool: AgentPool;
  readonly operation: Operation;
  readonly isNew: boolean;
}

/** Answers and changes pools. */
export class PoolService {
  readonly #clusters: ClusterService;
  readonly #hasFeature: (name: string) => boolean;

  constructor(clusters: ClusterService, hasFeature: (name: string) => boolean) {
    this.#clusters = clusters;
    this.#hasFeature = hasFeature;
  }

  /** Throws 404. */
  get(named: PoolName): { readonly cluster: ManagedCluster; readonly pool: AgentPool } {
    const cluster = this.#clusters.get(named);
    const pool = cluster.pools.find(({ name }) => name === named.pool);
    if (pool !== undefined) return { cluster, pool };
    const path = `${containerService}/managedClusters/${cluster.name}/agentPools/${named.pool}`;
    throw gatewayError(
      404,
      'ResourceNotFound',
      `The Resource '${path}' under resource group '${cluster.group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
    );
  }

  /** Adds a pool, or changes one. */
  put(named: PoolName, properties: JsonObject, apiVersion: string): BegunPoolChange {
    const cluster = this.#clusters.getIdle(named);
    const ofCluster = ['networkPolicy', 'networkDataplane', 'networkPlugin'].find((field) => field in properties);
    if (ofCluster !== undefined) throw clusterWide(ofCluster);
    const current = cluster.pools.find(({ name }) => name === named.pool);
    const wished = readAgentPool(named.pool, properties, {
      kubernetesVersion: cluster.kubernetesVersion,
      currentKubernetesVersion: cluster.currentKubernetesVersion,
      maxPodsDefault: maxPodsDefault(cluster.network),
      ...(current === undefined ? {} : { current }),
    });
    const changed = current === undefined ? wished : judged(current, withVersion(cluster, wished));
    const state = current === undefined ? 'Creating' : stateOf(current, changed);
    const pools = replaced(cluster.pools, { ...changed, provisioningState: state });
    const problem =
      networkProblem({ profile: cluster.network, apiVersion, hasWindowsPools: hasWindowsPools(pools), vnet }) ??
      poolsProblem({
        cluster: cluster.name,
        pools,
        network: cluster.network,
        windowsProfile: cluster.windowsProfile,
        hasWindowsPolicyFeature: this.#hasFeature('WindowsNetworkPolicyPreview'),
      });
    if (problem !== undefined) throw problem;
    return { ...this.#begin(cluster, { pools, pool: named.pool, state }), isNew: current === undefined };
  }

  /** Puts the newest image on the nodes of a pool: they are replaced. */
  upgradeImage(named: PoolName): BegunPoolChange {
    const cluster = this.#clusters.getIdle(named);
    const { pool } = this.get(named);
    const state = 'UpgradingNodeImageVersion';
    const changed = { ...pool, nodeImageVersion: nextNodeImage(pool.nodeImageVersion), provisioningState: state } as const;
    return { ...this.#begin(cluster, { pools: replaced(cluster.pools, changed), pool: pool.name, state }), isNew: false };
  }

  /** Takes a pool away; undefined when there is none. Throws 400 for the last one that may run the system. */
  remove(named: PoolName): Operation | undefined {
    const cluster = this.#clusters.getIdle(named);
    const pool = cluster.pools.find(({ name }) => name === named.pool);
    if (pool === undefined) return undefined;
    const rest = cluster.pools.filter((other) => other !== pool);
    if (!rest.some(({ mode }) => mode === 'System')) throw providerError(400, 'BadRequest', 'Must define at least one system pool.');
    const deleting = replaced(cluster.pools, { ...pool, provisioningState: 'Deleting' });
    return this.#clusters.beginChange(
      cluster,
      { ...cluster, pools: deleting },
      {
        what: `${pool.name} - Deleting`,
        wished: { ...cluster, pools: rest },
      },
    );
  }

  #begin(cluster: ManagedCluster, { pools, pool, state }: PoolChange): Omit<BegunPoolChange, 'isNew'> {
    const changing = { ...cluster, pools };
    const operation = this.#clusters.beginChange(cluster, changing, { what: `${pool} - ${state}`, wished: changing });
    const begun = pools.find(({ name }) => name === pool);
    if (begun === undefined) throw new Error('the pool is one of the pools');
    return { cluster: changing, pool: begun, operation };
  }
}

interface PoolChange {
  readonly pools: readonly AgentPool[];
  readonly pool: string;
  readonly state: PoolState;
}

/** Weir's own text: the service ignores such fields, and the pool would seem to have an engine of its own. */
function clusterWide(field: string): Error {
  const message = `${field} is a property of the cluster and not of a node pool: all pools have one engine, and change it at the same time.`;
  return providerError(400, 'InvalidParameter', message, { target: `properties.${field}` });
}

/** What of a pool never changes. */
const immutable = ['osType', 'osSKU', 'vmSize', 'maxPods'] as const;

function judged(current: AgentPool, wished: AgentPool): AgentPool {
  const changed = immutable.find((field) => current[field] !== wished[field]);
  if (changed === undefined) return wished;
  const property = `properties.${changed}`;
  throw providerError(400, 'PropertyChangeNotAllowed', `Changing property '${property}' is not allowed.`, { target: property });
}

/** The version that a pool is to run: one that is offered, and none beyond the control plane's. */
function withVersion(cluster: ManagedCluster, pool: AgentPool): AgentPool {
  const version = currentVersion(pool.orchestratorVersion);
  const [wished, own] = [parseVersion(version ?? ''), parseVersion(cluster.currentKubernetesVersion)];
  if (version !== undefined && wished !== undefined && own !== undefined && wished.minor <= own.minor) {
    return { ...pool, currentOrchestratorVersion: version };
  }
  throw providerError(
    400,
    'NodePoolMcVersionIncompatible',
    `Node pool version ${pool.orchestratorVersion} and control plane version ${cluster.currentKubernetesVersion} are incompatible. The node pool version cannot be newer than the control plane version, and must be one that is offered.`,
    { subcode: 'AgentPoolK8sVersionNotSupported', target: 'agentPoolProfile.orchestratorVersion' },
  );
}

function stateOf(current: AgentPool, changed: AgentPool): PoolState {
  if (current.currentOrchestratorVersion !== changed.currentOrchestratorVersion) return 'Upgrading';
  return current.count === changed.count ? 'Updating' : 'Scaling';
}

function replaced(pools: readonly AgentPool[], pool: AgentPool): readonly AgentPool[] {
  const isKnown = pools.some(({ name }) => name === pool.name);
  return isKnown ? pools.map((each) => (each.name === pool.name ? pool : each)) : [...pools, pool];
}
