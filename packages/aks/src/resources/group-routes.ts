/** The routes of resource groups. A group goes with all that is in it. */
import { type ArmHandler, type ArmRoute, ok } from '../arm/arm-message.ts';
import { keyOf } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import type { Operation } from '../operations/operation.ts';
import { operationHeaders } from '../operations/operation-routes.ts';
import type { DocumentStore } from '../state/document-store.ts';
import { checkGroup, describeGroup, groupNotFound, type ResourceGroup, readGroup } from './groups.ts';
import { filterResources, type ListedResource } from './resource-filter.ts';
import { resourcesVersions } from './resource-versions.ts';

/** What the routes work on. */
export interface GroupSource {
  readonly subscription: string;
  readonly groups: DocumentStore<ResourceGroup>;
  /** Begins to take a group away with all that is in it. */
  readonly removeGroup: (group: ResourceGroup) => Operation;
  /** All resources of a group, as lists of resources show them. */
  readonly resourcesOf: (group?: string) => readonly ListedResource[];
}

/** Adds them. */
export function addGroupRoutes(routes: RouteTable<ArmRoute>, source: GroupSource): void {
  const { subscription, groups } = source;
  const all = '/subscriptions/{subscription}/resourceGroups';
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: resourcesVersions });
  const find = (name = ''): ResourceGroup => {
    const group = groups.get(keyOf(name));
    if (group === undefined) throw groupNotFound(name);
    return group;
  };
  add(`GET ${all}`, ({ query }) => {
    const described = groups.list().map((group) => describeGroup(subscription, group));
    return ok({ value: filterResources(described, query.get('$filter') ?? '') });
  });
  add(`GET ${all}/{group}`, ({ parameters }) => ok(describeGroup(subscription, find(parameters['group']))));
  add(`HEAD ${all}/{group}`, ({ parameters }) => ({ status: groups.get(keyOf(parameters['group'] ?? '')) === undefined ? 404 : 204 }));
  add(`PUT ${all}/{group}`, ({ parameters, body }) => {
    const { group: name = '' } = parameters;
    const existing = groups.get(keyOf(name));
    if (existing !== undefined) checkGroup(existing);
    const group = readGroup(name, body, existing);
    groups.put(keyOf(name), group);
    return { status: existing === undefined ? 201 : 200, body: describeGroup(subscription, group) };
  });
  add(`DELETE ${all}/{group}`, ({ parameters, base }) => {
    const operation = source.removeGroup(find(parameters['group']));
    return { status: 202, headers: operationHeaders(base, operation, ['result']) };
  });
  const listed = (query: URLSearchParams, group?: string): object => ({
    value: filterResources(source.resourcesOf(group), query.get('$filter') ?? ''),
  });
  add(`GET ${all}/{group}/resources`, ({ parameters, query }) => ok(listed(query, find(parameters['group']).name)));
  add('GET /subscriptions/{subscription}/resources', ({ query }) => ok(listed(query)));
}
