/** The routes of node pools (reference §3.6). */

import { objectAt } from '@weir/kube';
import { type ArmHandler, type ArmRequest, type ArmRoute, ok } from '../arm/arm-message.ts';
import { clusterId, containerService } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import { operationHeaders } from '../operations/operation-routes.ts';
import { type AgentPool, describeAgentPool } from './agent-pool.ts';
import { clusterVersions } from './cluster-routes.ts';
import type { ClusterService } from './cluster-service.ts';
import type { ManagedCluster } from './managed-cluster.ts';
import type { PoolName, PoolService } from './pool-service.ts';

/** Adds them. */
export function addPoolRoutes(routes: RouteTable<ArmRoute>, clusters: ClusterService, pools: PoolService): void {
  const all = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${containerService}/managedClusters/{cluster}/agentPools`;
  const one = `${all}/{pool}`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: clusterVersions });
  add(`GET ${all}`, (request) => {
    const cluster = clusters.get(nameOf(request));
    return ok({ value: cluster.pools.map((pool) => describePool(cluster, pool)) });
  });
  add(`GET ${one}`, (request) => {
    const { cluster, pool } = pools.get(nameOf(request));
    return ok(describePool(cluster, pool));
  });
  add(`PUT ${one}`, (request) => {
    const { cluster, pool, operation, isNew } = pools.put(nameOf(request), objectAt(request.body, 'properties') ?? {}, request.apiVersion);
    const headers = operationHeaders(request.base, operation, ['status']);
    return { status: isNew ? 201 : 200, body: describePool(cluster, pool), headers };
  });
  add(`DELETE ${one}`, (request) => {
    const operation = pools.remove(nameOf(request));
    if (operation === undefined) return { status: 204 };
    return { status: 202, headers: operationHeaders(request.base, operation, ['status', 'result']) };
  });
  add(`POST ${one}/upgradeNodeImageVersion`, (request) => {
    const { cluster, pool, operation } = pools.upgradeImage(nameOf(request));
    return { status: 202, body: describePool(cluster, pool), headers: operationHeaders(request.base, operation, ['status', 'result']) };
  });
}

function describePool({ subscription, group, name }: ManagedCluster, pool: AgentPool): object {
  return {
    id: `${clusterId(subscription, group, name)}/agentPools/${pool.name}`,
    name: pool.name,
    type: `${containerService}/managedClusters/agentPools`,
    properties: describeAgentPool(pool),
  };
}

function nameOf({ parameters }: ArmRequest): PoolName {
  return { group: parameters['group'] ?? '', name: parameters['cluster'] ?? '', pool: parameters['pool'] ?? '' };
}
