/**
 * Acting as somebody else, for those who may: `Impersonate-User`, `-Group`, `-Uid` and `-Extra-KEY` (`kubectl --as`).
 * Each part needs the verb `impersonate` on what it names.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Authorizer } from '../authorization/access.ts';
import { assertAllowed } from '../authorization/authorize-request.ts';
import { badRequest } from '../errors/api-error.ts';
import type { UserInfo } from '../server/api-message.ts';

const serviceAccountPrefix = 'system:serviceaccount:';
const extraPrefix = 'impersonate-extra-';

/** Who a request is to be taken for; throws 403 when its sender may not, 400 when it names nobody. */
export function impersonated(user: UserInfo, headers: IncomingHttpHeaders, authorizer: Authorizer): UserInfo {
  const asked = Object.keys(headers).filter((name) => name.startsWith('impersonate-'));
  if (asked.length === 0) return user;
  const [username] = valuesOf(headers, 'impersonate-user');
  if (username === undefined || username === '') throw badRequest('requested impersonation without impersonating a user');
  const groups = valuesOf(headers, 'impersonate-group');
  const [uid] = valuesOf(headers, 'impersonate-uid');
  const extra = asked
    .filter((name) => name.startsWith(extraPrefix))
    .map((name) => [decodeURIComponent(name.slice(extraPrefix.length)), valuesOf(headers, name)] as const);
  const account = serviceAccountOf(username);
  const check = (
    group: string,
    resource: string,
    where: { readonly namespace?: string; readonly name: string; readonly subresource?: string },
  ): void =>
    assertAllowed(authorizer, user, { kind: 'resource', verb: 'impersonate', group, resource, subresource: '', namespace: '', ...where });
  if (account === undefined) check('', 'users', { name: username });
  else check('', 'serviceaccounts', account);
  for (const name of groups) check('', 'groups', { name });
  if (uid !== undefined) check('authentication.k8s.io', 'uids', { name: uid });
  for (const [key, values] of extra) for (const name of values) check('authentication.k8s.io', 'userextras', { name, subresource: key });
  return {
    username,
    groups: groupsOf(account, groups),
    ...(uid === undefined ? {} : { uid }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}

/** A service account for whom no groups are named has its own; everybody is authenticated. */
function groupsOf(account: { readonly namespace: string } | undefined, named: readonly string[]): readonly string[] {
  const own = account === undefined || named.length > 0 ? [] : ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`];
  return [...new Set([...named, ...own, 'system:authenticated'])];
}

function serviceAccountOf(username: string): { readonly namespace: string; readonly name: string } | undefined {
  if (!username.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace, name, ...rest] = username.slice(serviceAccountPrefix.length).split(':');
  return namespace === undefined || name === undefined || name === '' || rest.length > 0 ? undefined : { namespace, name };
}

/** Node joins repeated headers with a comma and a blank. */
function valuesOf(headers: IncomingHttpHeaders, name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : value.split(', ');
}
