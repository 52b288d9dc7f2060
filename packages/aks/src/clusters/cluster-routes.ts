/** The routes of managed clusters (reference §3.1). */
import { textAt } from '@weir/kube';
import { providerError } from '../arm/arm-error.ts';
import { type ApiVersions, type ArmHandler, type ArmRequest, type ArmResponse, type ArmRoute, ok } from '../arm/arm-message.ts';
import { containerService } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import type { Operation } from '../operations/operation.ts';
import { operationHeaders } from '../operations/operation-routes.ts';
import { tagsOf } from '../resources/tags.ts';
import type { ClusterHost, CredentialKind } from './cluster-host.ts';
import type { ClusterOperations } from './cluster-operations.ts';
import type { ClusterService } from './cluster-service.ts';
import type { ClusterName, ClusterStore } from './cluster-store.ts';
import { credentialBody } from './credential-body.ts';
import { describeCluster } from './managed-cluster.ts';

/** The api-versions of AKS that are served. */
export const clusterVersions: ApiVersions = {
  namespace: containerService,
  type: 'managedClusters',
  first: '2022-11-01',
  last: '2026-12-31',
};

const inGroup = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${containerService}/managedClusters`;
const one = `${inGroup}/{cluster}`;

/** What the routes work on. */
export interface ClusterRouteParts {
  readonly store: ClusterStore;
  readonly service: ClusterService;
  readonly operations: ClusterOperations;
  readonly host: ClusterHost;
}

/** Adds them. */
export function addClusterRoutes(routes: RouteTable<ArmRoute>, parts: ClusterRouteParts): void {
  const { store, service } = parts;
  const inSubscription = `/subscriptions/{subscription}/providers/${containerService}/managedClusters`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: clusterVersions });
  add(`GET ${inSubscription}`, ({ apiVersion }) => ok({ value: store.list().map((cluster) => describeCluster(cluster, apiVersion)) }));
  add(`GET ${inGroup}`, ({ parameters, apiVersion }) => {
    return ok({ value: store.list(parameters['group']).map((cluster) => describeCluster(cluster, apiVersion)) });
  });
  add(`GET ${one}`, (request) => ok(describeCluster(store.get(nameOf(request)), request.apiVersion)));
  add(`PUT ${one}`, (request) => {
    const { cluster, operation, isNew } = service.put(nameOf(request), request.body, request.apiVersion);
    const headers = operationHeaders(request.base, operation, ['status']);
    return { status: isNew ? 201 : 200, body: describeCluster(cluster, request.apiVersion), headers };
  });
  add(`PATCH ${one}`, (request) => ok(describeCluster(service.putTags(nameOf(request), tagsOf(request.body) ?? {}), request.apiVersion)));
  add(`DELETE ${one}`, (request) => {
    const operation = service.remove(nameOf(request));
    return operation === undefined ? { status: 204 } : accepted(request, operation);
  });
  addActions(add, parts);
}

function addActions(add: (route: string, handle: ArmHandler) => void, { store, service, operations, host }: ClusterRouteParts): void {
  const action = (name: string, begin: (request: ArmRequest) => Operation): void =>
    add(`POST ${one}/${name}`, (request) => accepted(request, begin(request)));
  action('start', (request) => service.setPower(nameOf(request), 'Running'));
  action('stop', (request) => service.setPower(nameOf(request), 'Stopped'));
  action('abort', (request) => operations.abort(store.get(nameOf(request))));
  for (const what of ['rotateClusterCertificates', 'rotateServiceAccountSigningKeys'] as const) {
    action(what, (request) => service.beginWork(nameOf(request), (cluster) => host[what](cluster)));
  }
  action('resetServicePrincipalProfile', (request) => service.resetServicePrincipal(nameOf(request), textAt(request.body, 'clientId')));
  add(`POST ${one}/resetAADProfile`, (request) => {
    const { name } = store.get(nameOf(request));
    throw providerError(400, 'AADProfileNotSupported', `Managed cluster ${name} has no Azure Active Directory: this cloud has none.`);
  });
  for (const [route, kind] of [
    ['listClusterUserCredential', 'user'],
    ['listClusterAdminCredential', 'admin'],
  ] as const) {
    add(`POST ${one}/${route}`, (request) => giveCredential(request, { store, host, kind }));
  }
}

function accepted({ base }: ArmRequest, operation: Operation): ArmResponse {
  return { status: 202, headers: operationHeaders(base, operation, ['status', 'result']) };
}

interface CredentialWish {
  readonly store: ClusterStore;
  readonly host: ClusterHost;
  readonly kind: CredentialKind;
}

async function giveCredential(request: ArmRequest, { store, host, kind }: CredentialWish): Promise<ArmResponse> {
  const cluster = store.get(nameOf(request));
  // Both forms are for clusters that ask Azure Active Directory; for others AKS gives the same to everybody.
  const format = request.query.get('format') ?? '';
  if (!['', 'azure', 'exec'].includes(format)) {
    const message = `The value of parameter format is invalid: '${format.slice(0, 40)}'. Allowed values: azure, exec.`;
    throw providerError(400, 'InvalidParameter', message, { target: 'format' });
  }
  if (cluster.disableLocalAccounts) {
    const message = 'Getting static credential is not allowed because this cluster is set to disable local accounts.';
    throw providerError(400, 'BadRequest', message);
  }
  return ok(credentialBody(cluster, kind, await host.credential(cluster, kind)));
}

function nameOf({ parameters }: ArmRequest): ClusterName {
  return { group: parameters['group'] ?? '', name: parameters['cluster'] ?? '' };
}
