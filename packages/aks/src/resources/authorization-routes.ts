/** Role assignments: nothing here needs any, and az asks for them before it uses a subnet or an identity of the user. */
import { randomUUID } from 'node:crypto';
import { objectAt } from '@weir/kube';
import { type ArmHandler, type ArmRoute, ok } from '../arm/arm-message.ts';
import type { RouteTable } from '../arm/route-table.ts';
import { authorizationVersions } from './resource-versions.ts';

const scopes = [
  '/subscriptions/{subscription}',
  '/subscriptions/{subscription}/resourceGroups/{group}',
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}/{type}/{name}',
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}/{type}/{name}/{subtype}/{subname}',
];

/** Adds the routes at every scope. */
export function addAuthorizationRoutes(routes: RouteTable<ArmRoute>): void {
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: authorizationVersions });
  for (const scope of scopes) {
    const all = `${scope}/providers/Microsoft.Authorization/roleAssignments`;
    add(`GET ${all}`, () => ok({ value: [] }));
    add(`PUT ${all}/{assignment}`, ({ path, parameters, body }) => ({
      status: 201,
      body: {
        id: path,
        name: parameters['assignment'] ?? randomUUID(),
        type: 'Microsoft.Authorization/roleAssignments',
        properties: { ...objectAt(body, 'properties'), scope: path.split('/providers/Microsoft.Authorization')[0] },
      },
    }));
  }
}
