/** The answers to reviews: who is this, and what may they do. */
import { type JsonObject, listAt, objectAt, textAt } from '@weir/kube';
import type { ServiceAccountTokens } from '../authentication/service-account-tokens.ts';
import type { Access, Authorizer, PolicyRule } from '../authorization/access.ts';
import { badRequest } from '../errors/api-error.ts';
import type { UserInfo } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';

/** Who answers. */
export interface Reviewers {
  readonly authorizer: Authorizer;
  readonly tokens: ServiceAccountTokens;
}

/** The review with its answer. */
export async function answerReview(reviewers: Reviewers, target: ResourceTarget, review: JsonObject, asker: UserInfo): Promise<JsonObject> {
  const spec = objectAt(review, 'spec') ?? {};
  switch (target.definition.kind) {
    case 'SelfSubjectReview':
      return { ...review, status: { userInfo: asker } };
    case 'TokenReview':
      return { ...review, status: await tokenStatus(reviewers.tokens, spec) };
    case 'SelfSubjectAccessReview':
      return { ...review, status: accessStatus(reviewers.authorizer, asker, spec) };
    case 'SubjectAccessReview':
      return { ...review, status: accessStatus(reviewers.authorizer, subjectOfReview(spec), spec) };
    case 'LocalSubjectAccessReview':
      return { ...review, status: accessStatus(reviewers.authorizer, subjectOfReview(spec), localSpec(spec, target.namespace)) };
    case 'SelfSubjectRulesReview':
      return { ...review, status: rulesStatus(reviewers.authorizer, asker, spec) };
    default:
      throw badRequest(`${target.definition.kind} is no review`);
  }
}

async function tokenStatus(tokens: ServiceAccountTokens, spec: JsonObject): Promise<JsonObject> {
  const asked = listAt(spec, 'audiences').map(String);
  const audiences = asked.length === 0 ? tokens.audiences : asked;
  const user = await tokens.verify(textAt(spec, 'token'), audiences);
  return user === undefined ? { user: {}, error: 'invalid bearer token' } : { authenticated: true, user, audiences };
}

function accessStatus(authorizer: Authorizer, user: UserInfo, spec: JsonObject): JsonObject {
  const { allowed, reason } = authorizer.decide(user, accessOf(spec));
  return reason === '' ? { allowed } : { allowed, reason };
}

function accessOf(spec: JsonObject): Access {
  const path = objectAt(spec, 'nonResourceAttributes');
  if (path !== undefined) return { kind: 'path', verb: textAt(path, 'verb'), path: textAt(path, 'path') };
  const resource = objectAt(spec, 'resourceAttributes');
  const text = (field: string): string => textAt(resource, field);
  return {
    kind: 'resource',
    verb: text('verb'),
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    namespace: text('namespace'),
    name: text('name'),
  };
}

function subjectOfReview(spec: JsonObject): UserInfo {
  return { username: textAt(spec, 'user'), groups: listAt(spec, 'groups').map(String) };
}

function localSpec(spec: JsonObject, namespace: string): JsonObject {
  const resource = objectAt(spec, 'resourceAttributes');
  if (resource === undefined) throw badRequest('a LocalSubjectAccessReview asks for a resource of its namespace');
  const asked = textAt(resource, 'namespace');
  if (asked !== '' && asked !== namespace) throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
  return { ...spec, resourceAttributes: { ...resource, namespace } };
}

function rulesStatus(authorizer: Authorizer, user: UserInfo, spec: JsonObject): JsonObject {
  const rules = authorizer.rulesOf(user, textAt(spec, 'namespace'));
  const isPath = ({ nonResourceURLs }: PolicyRule): boolean => nonResourceURLs.length > 0;
  return {
    resourceRules: rules
      .filter((rule) => !isPath(rule))
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames.length === 0 ? {} : { resourceNames }),
      })),
    nonResourceRules: rules.filter(isPath).map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}
