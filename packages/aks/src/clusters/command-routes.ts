/** `az aks command invoke`: a command in a cluster, and its outcome (reference §3.1). */
import { textAt } from '@weir/kube';
import { gatewayError, providerError } from '../arm/arm-error.ts';
import { type ArmHandler, type ArmRequest, type ArmResponse, type ArmRoute, ok } from '../arm/arm-message.ts';
import { clusterId, containerService } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import type { Operation } from '../operations/operation.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { clusterVersions } from './cluster-routes.ts';
import type { ClusterService } from './cluster-service.ts';

/** Adds the routes. */
export function addCommandRoutes(routes: RouteTable<ArmRoute>, service: ClusterService, operations: OperationRunner): void {
  const cluster = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${containerService}/managedClusters/{cluster}`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: clusterVersions });
  add(`POST ${cluster}/runCommand`, (request) => {
    const command = textAt(request.body, 'command');
    if (command === '')
      throw providerError(400, 'InvalidParameter', 'The value of parameter command is invalid: it is empty.', { target: 'command' });
    const { group = '', cluster: name = '' } = request.parameters;
    return pending(request, service.run({ group, name }, command));
  });
  add(`GET ${cluster}/commandResults/{command}`, (request) => {
    const { command = '' } = request.parameters;
    const operation = operations.get(withDashes(command));
    if (operation === undefined) throw gatewayError(404, 'ResourceNotFound', `The command '${command.slice(0, 80)}' was not found.`);
    return operation.status === 'InProgress' ? pending(request, operation) : ok(outcomeOf(operation));
  });
}

function pending({ base, parameters, apiVersion }: ArmRequest, operation: Operation): ArmResponse {
  const { subscription = '', group = '', cluster = '' } = parameters;
  const path = `${clusterId(subscription, group, cluster)}/commandResults/${operation.id.replaceAll('-', '')}`;
  return {
    status: 202,
    body: { id: operation.id.replaceAll('-', ''), properties: { provisioningState: 'Running', startedAt: operation.startTime } },
    // az takes the id out of this URL, and knows only letters and digits.
    headers: { location: `${base}${path}?api-version=${apiVersion}`, 'retry-after': '1' },
  };
}

function outcomeOf({ id, status, error, result }: Operation): object {
  const properties =
    status === 'Succeeded'
      ? { provisioningState: 'Succeeded', ...(result as object) }
      : { provisioningState: 'Failed', reason: error?.message ?? '' };
  return { id: id.replaceAll('-', ''), properties };
}

function withDashes(id: string): string {
  return id.replace(/^(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})$/, '$1-$2-$3-$4-$5');
}
