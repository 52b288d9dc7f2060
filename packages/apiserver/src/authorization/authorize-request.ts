/** What a request wants to do, and its refusal. */
import { failure, forbidden } from '../errors/api-error.ts';
import type { UserInfo } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { Access, Authorizer, ResourceAccess } from './access.ts';

/** The access that a verb on a target is. */
export function accessTo(target: ResourceTarget, verb: string): ResourceAccess {
  const { definition, namespace, name, subresource } = target;
  // A namespace is in itself: a role there may say something of it.
  const own = definition.group === '' && definition.plural === 'namespaces' ? name : namespace;
  return { kind: 'resource', verb, group: definition.group, resource: definition.plural, subresource, namespace: own, name };
}

/** Throws 403 when the user may not. */
export function assertAllowed(authorizer: Authorizer, user: UserInfo, access: Access): void {
  if (authorizer.decide(user, access).allowed) return;
  const who = `User ${JSON.stringify(user.username)} cannot ${access.verb}`;
  if (access.kind === 'path') {
    throw failure({ code: 403, reason: 'Forbidden', message: `forbidden: ${who} path ${JSON.stringify(access.path)}`, details: {} });
  }
  const resource = access.subresource === '' ? access.resource : `${access.resource}/${access.subresource}`;
  const where = access.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(access.namespace)}`;
  const why = `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(access.group)} ${where}`;
  throw forbidden({ group: access.group, plural: access.resource, name: access.name }, why);
}
