/** Identities that people make for their clusters (Microsoft.ManagedIdentity). */
import { randomUUID } from 'node:crypto';
import { type JsonObject, textAt } from '@weir/kube';
import { gatewayError } from '../arm/arm-error.ts';
import { groupId, keyOf } from '../arm/resource-id.ts';
import { regionOf } from '../resources/regions.ts';
import { tagsOf } from '../resources/tags.ts';
import type { DocumentStore } from '../state/document-store.ts';

/** What is kept of one. */
export interface UserIdentity {
  readonly group: string;
  readonly name: string;
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly clientId: string;
  readonly principalId: string;
}

/** Finds the identity of an id; undefined when there is none. */
export type FindIdentity = (id: string) => UserIdentity | undefined;

const type = 'Microsoft.ManagedIdentity/userAssignedIdentities';

/** The identity that a PUT asks for; throws 400. */
export function readUserIdentity(
  { group, name }: Pick<UserIdentity, 'group' | 'name'>,
  body: JsonObject,
  existing: UserIdentity | undefined,
): UserIdentity {
  if (!/^[a-zA-Z0-9][-_a-zA-Z0-9]{2,127}$/.test(name)) {
    const message = `The resource name '${name.slice(0, 80)}' is invalid: it has 3 to 128 letters, digits, '-' and '_', and begins with a letter or digit.`;
    throw gatewayError(400, 'InvalidResourceName', message);
  }
  const text = textAt(body, 'location');
  const region = regionOf(text);
  if (region === undefined) {
    const message = `The provided location '${text.slice(0, 80)}' is not available for resource type '${type}'.`;
    throw gatewayError(400, 'LocationNotAvailableForResourceType', message);
  }
  const tags = tagsOf(body) ?? existing?.tags;
  const ids = existing ?? { clientId: randomUUID(), principalId: randomUUID() };
  return {
    group,
    name: existing?.name ?? name,
    location: region.name,
    ...(tags === undefined ? {} : { tags }),
    clientId: ids.clientId,
    principalId: ids.principalId,
  };
}

/** The id of an identity. */
export function userIdentityId(subscription: string, { group, name }: Pick<UserIdentity, 'group' | 'name'>): string {
  return `${groupId(subscription, group)}/providers/${type}/${name}`;
}

/** An identity as answers show it. */
export function describeUserIdentity(subscription: string, tenant: string, identity: UserIdentity): object {
  const { name, location, tags, clientId, principalId } = identity;
  const id = userIdentityId(subscription, identity);
  return { id, name, type, location, ...(tags === undefined ? {} : { tags }), properties: { tenantId: tenant, clientId, principalId } };
}

/** Takes away those of a group. */
export function removeIdentitiesOf(identities: DocumentStore<UserIdentity>, subscription: string, group: string): void {
  for (const identity of identities.list()) {
    if (keyOf(identity.group) === keyOf(group)) identities.delete(keyOf(userIdentityId(subscription, identity)));
  }
}
