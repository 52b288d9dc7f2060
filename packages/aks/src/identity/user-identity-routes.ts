/** The routes of `az identity`. */
import { gatewayError } from '../arm/arm-error.ts';
import { type ApiVersions, type ArmHandler, type ArmRoute, ok } from '../arm/arm-message.ts';
import { keyOf } from '../arm/resource-id.ts';
import type { PathParameters, RouteTable } from '../arm/route-table.ts';
import { checkGroup, groupNotFound, type ResourceGroup } from '../resources/groups.ts';
import type { DocumentStore } from '../state/document-store.ts';
import { describeUserIdentity, readUserIdentity, type UserIdentity, userIdentityId } from './user-identities.ts';

/** What the routes work on. */
export interface UserIdentitySource {
  readonly subscription: string;
  readonly tenant: string;
  readonly groups: DocumentStore<ResourceGroup>;
  readonly identities: DocumentStore<UserIdentity>;
}

const versions: ApiVersions = {
  namespace: 'Microsoft.ManagedIdentity',
  type: 'userAssignedIdentities',
  first: '2015-08-31',
  last: '2026-12-31',
};

/** Adds them. */
export function addUserIdentityRoutes(routes: RouteTable<ArmRoute>, source: UserIdentitySource): void {
  const { subscription, tenant, groups, identities } = source;
  const below = 'providers/Microsoft.ManagedIdentity/userAssignedIdentities';
  const inGroup = `/subscriptions/{subscription}/resourceGroups/{group}/${below}`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions });
  const describe = (identity: UserIdentity): object => describeUserIdentity(subscription, tenant, identity);
  const groupOf = ({ group: name = '' }: PathParameters): ResourceGroup => {
    const group = groups.get(keyOf(name));
    if (group === undefined) throw groupNotFound(name);
    return group;
  };
  const keyFor = (parameters: PathParameters): string =>
    keyOf(userIdentityId(subscription, { group: groupOf(parameters).name, name: parameters['name'] ?? '' }));
  add(`GET /subscriptions/{subscription}/${below}`, () => ok({ value: identities.list().map(describe) }));
  add(`GET ${inGroup}`, ({ parameters }) => {
    const { name } = groupOf(parameters);
    return ok({
      value: identities
        .list()
        .filter(({ group }) => keyOf(group) === keyOf(name))
        .map(describe),
    });
  });
  add(`GET ${inGroup}/{name}`, ({ parameters }) => {
    const identity = identities.get(keyFor(parameters));
    if (identity !== undefined) return ok(describe(identity));
    const { group = '', name = '' } = parameters;
    const message = `The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
    throw gatewayError(404, 'ResourceNotFound', message);
  });
  add(`PUT ${inGroup}/{name}`, ({ parameters, body }) => {
    const group = groupOf(parameters);
    checkGroup(group);
    const key = keyFor(parameters);
    const existing = identities.get(key);
    const identity = readUserIdentity({ group: group.name, name: parameters['name'] ?? '' }, body, existing);
    identities.put(key, identity);
    return { status: existing === undefined ? 201 : 200, body: describe(identity) };
  });
  add(`DELETE ${inGroup}/{name}`, ({ parameters }) => {
    const key = keyFor(parameters);
    if (identities.get(key) === undefined) return { status: 204 };
    identities.delete(key);
    return { status: 200 };
  });
}
