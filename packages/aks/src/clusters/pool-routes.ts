/** The routes of node pools (reference §3.6). */

import { objectAt } from '@weir/kube';
import { type ArmHandler, type ArmRequest, type ArmResponse, type ArmRoute, ok } from '../arm/arm-message.ts';
import { clusterId, containerService } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import type { Operation } from '../operations/operation.ts';
import { operationHeaders } from '../operations/operation-routes.ts';
import type { AgentPool } from './agent-pool.ts';
import type { ClusterOperations } from './cluster-operations.ts';
import { clusterVersions } from './cluster-routes.ts';
import type { ClusterStore } from './cluster-store.ts';
import { describePoolOf, type ManagedCluster } from './managed-cluster.ts';
import type { PoolName, PoolService } from './pool-service.ts';

/** What the routes work on. */
export interface PoolRouteParts {
  readonly store: ClusterStore;
  readonly operations: ClusterOperations;
  readonly pools: PoolService;
}

/** Adds them. */
export function addPoolRoutes(routes: RouteTable<ArmRoute>, { store, operations, pools }: PoolRouteParts): void {
  const all = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${containerService}/managedClusters/{cluster}/agentPools`;
  const one = `${all}/{pool}`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: clusterVersions });
  add(`GET ${all}`, (request) => {
    const cluster = store.get(nameOf(request));
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
    return operation === undefined ? { status: 204 } : accepted(request, operation);
  });
  add(`POST ${one}/abort`, (request) => {
    const { cluster, pool } = pools.get(nameOf(request));
    return accepted(request, operations.abort(cluster, pool.name));
  });
  add(`POST ${one}/upgradeNodeImageVersion`, (request) => {
    const { cluster, pool, operation } = pools.upgradeImage(nameOf(request));
    return { ...accepted(request, operation), body: describePool(cluster, pool) };
  });
}

function accepted({ base }: ArmRequest, operation: Operation): ArmResponse {
  return { status: 202, headers: operationHeaders(base, operation, ['status', 'result']) };
}

function describePool(cluster: ManagedCluster, pool: AgentPool): object {
  const { subscription, group, name } = cluster;
  return {
    id: `${clusterId(subscription, group, name)}/agentPools/${pool.name}`,
    name: pool.name,
    type: `${containerService}/managedClusters/agentPools`,
    properties: describePoolOf(cluster, pool),
  };
}

function nameOf({ parameters }: ArmRequest): PoolName {
  return { group: parameters['group'] ?? '', name: parameters['cluster'] ?? '', pool: parameters['pool'] ?? '' };
}
