/** Node pools of a cluster, asked for one at a time: added, changed, scaled, upgraded, re-imaged, stopped, removed. */
import type { JsonObject } from '@weir/kube';
import { providerError } from '../arm/arm-error.ts';
import type { Operation } from '../operations/operation.ts';
import { type AgentPool, checkImmutable, type PoolState, readAgentPool } from './agent-pool.ts';
import type { ClusterOperations } from './cluster-operations.ts';
import { checkRuns } from './cluster-power.ts';
import type { ClusterService } from './cluster-service.ts';
import { type ClusterName, type ClusterStore, resourceNotFound } from './cluster-store.ts';
import { nextNodeImage } from './kubernetes-versions.ts';
import { hasWindowsPools, type ManagedCluster } from './managed-cluster.ts';
import { networkProblem } from './network-rules.ts';
import { poolsProblem } from './pool-rules.ts';
import { maxPodsDefault, vnet } from './read-cluster.ts';
import { withVersion } from './version-rules.ts';

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

/** What the service is made of. */
export interface PoolServiceParts {
  readonly store: ClusterStore;
  readonly operations: ClusterOperations;
  readonly clusters: ClusterService;
  readonly hasFeature: (name: string) => boolean;
}

/** Answers and changes pools. */
export class PoolService {
  readonly #parts: PoolServiceParts;

  constructor(parts: PoolServiceParts) {
    this.#parts = parts;
  }

  /** Throws 404. */
  get(named: PoolName): { readonly cluster: ManagedCluster; readonly pool: AgentPool } {
    const cluster = this.#parts.store.get(named);
    const pool = poolOf(cluster, named);
    if (pool !== undefined) return { cluster, pool };
    throw resourceNotFound(`managedClusters/${cluster.name}/agentPools/${named.pool}`, cluster.group);
  }

  /** Adds a pool, or changes one. */
  put(named: PoolName, properties: JsonObject, apiVersion: string): BegunPoolChange {
    const cluster = this.#parts.operations.getIdle(named);
    checkRuns(cluster);
    const current = poolOf(cluster, named);
    const name = current?.name ?? named.pool;
    const asked = readAgentPool(name, properties, {
      kubernetesVersion: cluster.kubernetesVersion,
      currentKubernetesVersion: cluster.currentKubernetesVersion,
      maxPodsDefault: maxPodsDefault(cluster.network),
      ...(current === undefined ? {} : { current }),
    });
    if (current !== undefined) checkImmutable(current, asked, 'properties');
    const wished = withVersion(asked, cluster.currentKubernetesVersion, current);
    const state = current === undefined ? 'Creating' : stateOf(current, wished);
    const pools = replaced(cluster.pools, { ...wished, provisioningState: state });
    const problem =
      networkProblem({ profile: cluster.network, apiVersion, askedPolicy: '', hasWindowsPools: hasWindowsPools(pools), vnet }) ??
      poolsProblem({
        cluster: cluster.name,
        pools,
        network: cluster.network,
        windowsProfile: cluster.windowsProfile,
        hasWindowsPolicyFeature: this.#parts.hasFeature('WindowsNetworkPolicyPreview'),
      });
    if (problem !== undefined) throw problem;
    return { ...this.#begin(cluster, { pools, pool: name, state }), isNew: current === undefined };
  }

  /** Puts the newest image on the nodes of a pool: they are replaced. */
  upgradeImage(named: PoolName): BegunPoolChange {
    const cluster = this.#parts.operations.getIdle(named);
    const { pool } = this.get(named);
    const state = 'UpgradingNodeImageVersion';
    const changed = { ...pool, nodeImageVersion: nextNodeImage(pool.nodeImageVersion), provisioningState: state } as const;
    return { ...this.#begin(cluster, { pools: replaced(cluster.pools, changed), pool: pool.name, state }), isNew: false };
  }

  /** Takes a pool away; undefined when there is none. Throws 400 for the last one that may run the system. */
  remove(named: PoolName): Operation | undefined {
    const cluster = this.#parts.operations.getIdle(named);
    const pool = poolOf(cluster, named);
    if (pool === undefined) return undefined;
    const rest = cluster.pools.filter((other) => other !== pool);
    if (!rest.some(({ mode }) => mode === 'System')) throw providerError(400, 'BadRequest', 'Must define at least one system pool.');
    const deleting = replaced(cluster.pools, { ...pool, provisioningState: 'Deleting' });
    const wished = { ...cluster, pools: rest };
    return this.#parts.clusters.beginChange(cluster, { ...cluster, pools: deleting }, { what: `${pool.name} - Deleting`, wished });
  }

  #begin(cluster: ManagedCluster, { pools, pool, state }: PoolChange): Omit<BegunPoolChange, 'isNew'> {
    const changing = { ...cluster, pools };
    const operation = this.#parts.clusters.beginChange(cluster, changing, { what: `${pool} - ${state}`, wished: changing });
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

function poolOf({ pools }: ManagedCluster, { pool }: PoolName): AgentPool | undefined {
  return pools.find(({ name }) => name === pool.toLowerCase());
}

function stateOf(current: AgentPool, changed: AgentPool): PoolState {
  if (current.powerState !== changed.powerState) return changed.powerState === 'Stopped' ? 'Stopping' : 'Starting';
  if (current.currentOrchestratorVersion !== changed.currentOrchestratorVersion) return 'Upgrading';
  return current.count === changed.count ? 'Updating' : 'Scaling';
}

function replaced(pools: readonly AgentPool[], pool: AgentPool): readonly AgentPool[] {
  const isKnown = pools.some(({ name }) => name === pool.name);
  return isKnown ? pools.map((each) => (each.name === pool.name ? pool : each)) : [...pools, pool];
}
