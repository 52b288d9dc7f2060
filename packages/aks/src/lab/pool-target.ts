/** What a managed cluster wants of the lab: which nodes, made from what, replaced how (reference §2.2, §2.4). */
import { numberAt, objectAt } from '@weir/kube';
import type { ClusterEngine, ClusterTarget } from '@weir/lab';
import type { AgentPool } from '../clusters/agent-pool.ts';
import type { ManagedCluster } from '../clusters/managed-cluster.ts';
import { labNetwork } from './lab-network.ts';
import { nodesOfPool, surgeNodesOf } from './pool-nodes.ts';

/**
 * For how long pods of a node are asked to go, in minutes, where the pool does not say. AKS's default of 30 is of little
 * use on one machine.
 */
const drainMinutes = 1;

/** The whole cluster. */
export function targetOf(cluster: ManagedCluster): ClusterTarget {
  const drains = cluster.pools.map(({ more }) => numberAt(objectAt(more, 'upgradeSettings'), 'drainTimeoutInMinutes') ?? drainMinutes);
  return {
    engine: engineOf(cluster),
    network: labNetwork(cluster.network).network,
    drainMs: Math.max(drainMinutes, ...drains) * 60_000,
    pools: cluster.pools.map((pool) => {
      const { surge, atOnce } = pace(pool);
      return { nodes: nodesOfPool(cluster, pool), surge: surgeNodesOf(cluster, pool, surge), atOnce };
    }),
  };
}

/** The engine of all nodes. */
export function engineOf({ network }: ManagedCluster): ClusterEngine {
  return network.networkPolicy as ClusterEngine;
}

/**
 * How many nodes come for the time of an upgrade, and how many are replaced at a time: as many. Without any, as many as
 * may be away.
 */
function pace({ more, count }: Pick<AgentPool, 'more' | 'count'>): { readonly surge: number; readonly atOnce: number } {
  const settings = objectAt(more, 'upgradeSettings') ?? {};
  const surge = share(settings['maxSurge'] ?? '10%', count);
  if (surge > 0) return { surge, atOnce: surge };
  return { surge: 0, atOnce: Math.max(1, share(settings['maxUnavailable'] ?? '0', count)) };
}

/** `2` or `33%` of the nodes, rounded up. */
function share(text: unknown, count: number): number {
  const match = /^(\d{1,4})(%?)$/.exec(String(text));
  if (match === null) return 1;
  const [, digits = '1', unit = ''] = match;
  const number = unit === '%' ? Math.ceil((Number(digits) * count) / 100) : Number(digits);
  return Math.min(number, Math.max(1, count));
}
