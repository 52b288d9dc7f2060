/** `az aks command invoke`: a command in a cluster, and its outcome (reference §3.1). */
import { textAt } from '@weir/kube';
import { type ArmHandler, type ArmRequest, type ArmResponse, type ArmRoute, ok } from '../arm/arm-message.ts';
import { clusterId, containerService } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import { clusterVersions } from './cluster-routes.ts';
import type { ClusterName } from './cluster-store.ts';
import type { CommandService, RunningCommand } from './command-service.ts';

/** Adds the routes. */
export function addCommandRoutes(routes: RouteTable<ArmRoute>, commands: CommandService): void {
  const cluster = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${containerService}/managedClusters/{cluster}`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: clusterVersions });
  add(`POST ${cluster}/runCommand`, (request) => {
    const { body } = request;
    return pending(request, commands.run(nameOf(request), textAt(body, 'command'), textAt(body, 'context')));
  });
  add(`GET ${cluster}/commandResults/{command}`, (request) => {
    const command = commands.get(nameOf(request), request.parameters['command'] ?? '');
    return command.ended === undefined ? pending(request, command) : ok(describe(command));
  });
}

function pending(request: ArmRequest, command: RunningCommand): ArmResponse {
  const { base, parameters, apiVersion } = request;
  const { subscription = '', group = '', cluster = '' } = parameters;
  const path = `${clusterId(subscription, group, cluster)}/commandResults/${command.id}`;
  return {
    status: 202,
    body: describe(command),
    headers: { location: `${base}${path}?api-version=${apiVersion}`, 'retry-after': '1' },
  };
}

/** az looks at the state in the body, not at the status of the answer. */
function describe({ id, startedAt, ended }: RunningCommand): object {
  if (ended === undefined) return { id, properties: { provisioningState: 'Running', startedAt } };
  const { state, ...outcome } = ended;
  return { id, properties: { provisioningState: state, startedAt, ...outcome } };
}

function nameOf({ parameters }: ArmRequest): ClusterName {
  return { group: parameters['group'] ?? '', name: parameters['cluster'] ?? '' };
}
