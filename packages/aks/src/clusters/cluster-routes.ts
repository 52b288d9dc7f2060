/** The routes of managed clusters (reference §3.1). */
import { type ApiVersions, type ArmHandler, type ArmRequest, type ArmResponse, type ArmRoute, ok } from '../arm/arm-message.ts';
import { containerService } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import type { Operation } from '../operations/operation.ts';
import { operationHeaders } from '../operations/operation-routes.ts';
import { tagsOf } from '../resources/tags.ts';
import type { ClusterHost, CredentialKind } from './cluster-host.ts';
import type { ClusterName, ClusterService } from './cluster-service.ts';
import { credentialBody } from './credential-body.ts';
import { describeCluster } from './managed-cluster.ts';

/** The api-versions of AKS that are served. */
export const clusterVersions: ApiVersions = {
  namespace: containerService,
  type: 'managedClusters',
  first: '2022-11-01',
  last: '2026-12-31',
};

/** Adds them. */
export function addClusterRoutes(routes: RouteTable<ArmRoute>, service: ClusterService, host: ClusterHost): void {
  const inSubscription = `/subscriptions/{subscription}/providers/${containerService}/managedClusters`;
  const inGroup = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${containerService}/managedClusters`;
  const one = `${inGroup}/{cluster}`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: clusterVersions });
  add(`GET ${inSubscription}`, ({ apiVersion }) => ok({ value: service.list().map((cluster) => describeCluster(cluster, apiVersion)) }));
  add(`GET ${inGroup}`, ({ parameters, apiVersion }) => {
    return ok({ value: service.list(parameters['group']).map((cluster) => describeCluster(cluster, apiVersion)) });
  });
  add(`GET ${one}`, (request) => ok(describeCluster(service.get(nameOf(request)), request.apiVersion)));
  add(`PUT ${one}`, (request) => {
    const { cluster, operation, isNew } = service.put(nameOf(request), request.body, request.apiVersion);
    const headers = operationHeaders(request.base, operation, ['status']);
    return { status: isNew ? 201 : 200, body: describeCluster(cluster, request.apiVersion), headers };
  });
  add(`PATCH ${one}`, (request) => ok(describeCluster(service.putTags(nameOf(request), tagsOf(request.body) ?? {}), request.apiVersion)));
  add(`DELETE ${one}`, (request) => {
    const operation = service.remove(nameOf(request));
    if (operation === undefined) return { status: 204 };
    return { status: 202, headers: operationHeaders(request.base, operation, ['status', 'result']) };
  });
  add(`POST ${one}/start`, (request) => accepted(request, service.setPower(nameOf(request), 'Running')));
  add(`POST ${one}/stop`, (request) => accepted(request, service.setPower(nameOf(request), 'Stopped')));
  const credential =
    (kind: CredentialKind) =>
    (request: ArmRequest): Promise<ArmResponse> =>
      giveCredential(request, { service, host, kind });
  add(`POST ${one}/listClusterUserCredential`, credential('user'));
  add(`POST ${one}/listClusterAdminCredential`, credential('admin'));
}

function accepted({ base }: ArmRequest, operation: Operation): ArmResponse {
  return { status: 202, headers: operationHeaders(base, operation, ['status', 'result']) };
}

interface CredentialWish {
  readonly service: ClusterService;
  readonly host: ClusterHost;
  readonly kind: CredentialKind;
}

async function giveCredential(request: ArmRequest, { service, host, kind }: CredentialWish): Promise<ArmResponse> {
  const cluster = service.get(nameOf(request));
  return ok(credentialBody(cluster, kind, await host.credential(cluster, kind)));
}

function nameOf({ parameters }: ArmRequest): ClusterName {
  return { group: parameters['group'] ?? '', name: parameters['cluster'] ?? '' };
}
