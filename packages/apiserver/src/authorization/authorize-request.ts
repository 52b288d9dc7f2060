/** What a request wants to do, and its refusal. */
import { parseFieldSelectorText } from '@weir/kube';
import { failure, forbidden } from '../errors/api-error.ts';
import type { UserInfo } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { Access, AccessDecision, Authorizer, ResourceAccess } from './access.ts';

/** Verbs of collections that take a selector. */
const selecting = ['list', 'watch', 'deletecollection'];

/** The access that a verb on a target is; a field selector that names one object counts as its name. */
export function accessTo(target: ResourceTarget, verb: string, query?: URLSearchParams): ResourceAccess {
  const { definition, namespace, name, subresource } = target;
  // A namespace is in itself: a role there may say something of it.
  const own = definition.group === '' && definition.plural === 'namespaces' ? name : namespace;
  const access = {
    kind: 'resource',
    verb,
    group: definition.group,
    resource: definition.plural,
    subresource,
    namespace: own,
    name,
  } as const;
  if (name !== '' || !selecting.includes(verb)) return access;
  const read = parseFieldSelectorText(query?.get('fieldSelector') ?? '');
  if (read.kind === 'refused') return access;
  const fields = read.requirements;
  const named = fields.find(({ field, operator }) => field === 'metadata.name' && operator === 'Equals');
  return { ...access, name: named?.value ?? '', fields };
}

/** Throws 403 when the user may not. */
export function assertAllowed(authorizer: Authorizer, user: UserInfo, access: Access): void {
  assertDecided(authorizer.decide(user, access), user, access);
}

/** The same for a decision that has been made. */
export function assertDecided({ allowed, reason }: AccessDecision, user: UserInfo, access: Access): void {
  if (allowed) return;
  const who = `User ${JSON.stringify(user.username)} cannot ${access.verb}`;
  if (access.kind === 'path') {
    throw failure({ code: 403, reason: 'Forbidden', message: `forbidden: ${who} path ${JSON.stringify(access.path)}`, details: {} });
  }
  const resource = access.subresource === '' ? access.resource : `${access.resource}/${access.subresource}`;
  const where = access.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(access.namespace)}`;
  const why = `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(access.group)} ${where}${reason === '' ? '' : `: ${reason}`}`;
  throw forbidden({ group: access.group, plural: access.resource, name: access.name }, why);
}
