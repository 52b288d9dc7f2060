/**
 * The reviews of authentication.k8s.io/v1 and authorization.k8s.io/v1: a POST asks, the answer is not
 * stored. Whoever holds a certificate of the cluster may do everything here (there is no RBAC), so that
 * is what access reviews answer.
 */
import type { FieldError } from '../../field-error.ts';
import { column, defineResource, objectName } from '../define-resource.ts';
import { type JsonObject, objectAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

type Review = NonNullable<ResourceDefinition['review']>;

function reviewResource(
  group: string,
  kind: string,
  review: Review,
  validate?: (object: JsonObject) => readonly FieldError[],
): ResourceDefinition {
  return defineResource({
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: false,
    verbs: ['create'],
    review,
    ...(validate === undefined ? {} : { validate }),
    table: { columns: [column('Name')], row: (object) => ({ cells: [objectName(object)] }) },
  });
}

const authentication = 'authentication.k8s.io';
const authorization = 'authorization.k8s.io';

/** `kubectl auth whoami`. */
export const selfSubjectReviewResource: ResourceDefinition = reviewResource(authentication, 'SelfSubjectReview', (object, asker) => ({
  ...object,
  status: { userInfo: { username: asker.username, groups: [...asker.groups] } },
}));

/** `kubectl auth can-i VERB RESOURCE`. */
export const selfSubjectAccessReviewResource: ResourceDefinition = reviewResource(
  authorization,
  'SelfSubjectAccessReview',
  allowed,
  exactlyOneQuestion,
);

/** The same about somebody else. */
export const subjectAccessReviewResource: ResourceDefinition = reviewResource(
  authorization,
  'SubjectAccessReview',
  allowed,
  exactlyOneQuestion,
);

/** `kubectl auth can-i --list`. */
export const selfSubjectRulesReviewResource: ResourceDefinition = reviewResource(authorization, 'SelfSubjectRulesReview', (object) => ({
  ...object,
  status: {
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  },
}));

function allowed(object: JsonObject): JsonObject {
  return { ...object, status: { allowed: true } };
}

function exactlyOneQuestion(object: JsonObject): readonly FieldError[] {
  const spec = objectAt(object, 'spec');
  const resource = objectAt(spec, 'resourceAttributes');
  const other = objectAt(spec, 'nonResourceAttributes');
  if ((resource === undefined) !== (other === undefined)) return [];
  const message =
    resource === undefined
      ? 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
      : 'cannot be specified in combination with resourceAttributes';
  const field = resource === undefined ? 'spec.resourceAttributes' : 'spec.nonResourceAttributes';
  return [{ reason: 'FieldValueInvalid', field, value: resource === undefined ? null : other, message }];
}
