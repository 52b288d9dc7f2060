/** The variables of expressions about a request, as values. */
import {
  type AuthorizationQuestion,
  CelAuthorizer,
  type CelValue,
  type GroupVersionKind,
  type JsonObject,
  LazyObject,
  toCel,
} from '@weir/kube';
import type { Authorizer } from '../authorization/access.ts';
import { namespacesResource } from '../rest/object-key.ts';
import type { UserInfo } from '../server/api-message.ts';
import { type AdmissionAttributes, type AdmissionSituation, kindOfTarget, resourceOf } from './admission-attributes.ts';

/** Who may do what, for `authorizer`. */
export interface ValueSources {
  readonly authorizer: Authorizer;
}

/** `object`, `oldObject`, `request`, `namespaceObject`, `authorizer`; params and variables are the policy's. */
export function admissionValues({ attributes, transaction }: AdmissionSituation, { authorizer }: ValueSources): Map<string, CelValue> {
  const { target, user } = attributes;
  const questions = new CelAuthorizer((question) => ask(authorizer, user, question));
  const { definition } = target;
  const namespace =
    target.namespace === '' ? undefined : transaction.get({ resource: namespacesResource, namespace: '', name: target.namespace });
  return new Map<string, CelValue>([
    ['object', toCel(attributes.object)],
    ['oldObject', toCel(attributes.old)],
    ['request', toCel(requestValue(attributes))],
    ['namespaceObject', toCel(namespace?.json)],
    ['authorizer', questions],
    [
      'authorizer.requestResource',
      questions.with('ResourceCheck', {
        group: definition.group,
        resource: definition.plural,
        subresource: target.subresource,
        namespace: target.namespace,
        name: attributes.name,
      }),
    ],
  ]);
}

function requestValue(attributes: AdmissionAttributes): JsonObject {
  const { target, operation, name, user, dryRun, options } = attributes;
  const kind = plainKind(kindOfTarget(target));
  const resource = resourceOf(target.definition);
  return {
    kind,
    resource,
    subResource: target.subresource,
    requestKind: kind,
    requestResource: resource,
    requestSubResource: target.subresource,
    name,
    namespace: target.namespace,
    operation,
    userInfo: userValue(user),
    dryRun,
    options,
  };
}

/** A user as reviews and expressions write one. */
export function userValue(user: UserInfo): JsonObject {
  return {
    username: user.username,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: [...user.groups],
    ...(user.extra === undefined ? {} : { extra: user.extra }),
  };
}

/** A kind without the other fields of its definition. */
export function plainKind({ group, version, kind }: GroupVersionKind): JsonObject {
  return { group, version, kind };
}

function ask(authorizer: Authorizer, user: UserInfo, question: AuthorizationQuestion): { allowed: boolean; reason: string } {
  const { serviceAccount, path, group, resource, subresource, namespace, name, verb } = question;
  const who = serviceAccount === undefined ? user : accountUser(serviceAccount.namespace, serviceAccount.name);
  if (path !== undefined) return authorizer.decide(who, { kind: 'path', verb, path });
  return authorizer.decide(who, { kind: 'resource', verb, group, resource, subresource, namespace, name });
}

function accountUser(namespace: string, name: string): UserInfo {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

/** The variables of a policy: each is evaluated when it is first used, and once. */
export class PolicyVariables extends LazyObject {
  readonly #known = new Map<string, CelValue>();
  readonly #evaluate: ReadonlyMap<string, () => CelValue>;

  constructor(evaluate: ReadonlyMap<string, () => CelValue>) {
    super();
    this.#evaluate = evaluate;
  }

  override field(name: string): CelValue | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const value = this.#evaluate.get(name)?.();
    if (value !== undefined) this.#known.set(name, value);
    return value;
  }
}
