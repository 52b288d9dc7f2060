/** The reviews of authentication.k8s.io/v1 and authorization.k8s.io/v1: a POST asks, the server answers, nothing is stored. */
import type { FieldError } from '../../field-error.ts';
import { required } from '../../validation/field-rules.ts';
import { column, defineResource, objectName } from '../define-resource.ts';
import { type JsonObject, listAt, objectAt, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

type Validate = (object: JsonObject) => readonly FieldError[];

function reviewResource(group: string, kind: string, validate?: Validate): ResourceDefinition {
  return defineResource({
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: kind.startsWith('Local'),
    verbs: ['create'],
    isReview: true,
    ...(validate === undefined ? {} : { validate }),
    table: { columns: [column('Name')], row: (object) => ({ cells: [objectName(object)] }) },
  });
}

const authentication = 'authentication.k8s.io';
const authorization = 'authorization.k8s.io';

/** All of them: who am I, whose token is this, may I, may somebody, what may I. */
export const reviewResources: readonly ResourceDefinition[] = [
  reviewResource(authentication, 'SelfSubjectReview'),
  reviewResource(authentication, 'TokenReview', (object) =>
    textAt(objectAt(object, 'spec'), 'token') === '' ? [required('spec.token')] : [],
  ),
  reviewResource(authorization, 'SelfSubjectAccessReview', exactlyOneQuestion),
  reviewResource(authorization, 'SubjectAccessReview', (object) => [...exactlyOneQuestion(object), ...someSubject(object)]),
  reviewResource(authorization, 'LocalSubjectAccessReview', (object) => [...exactlyOneQuestion(object), ...someSubject(object)]),
  reviewResource(authorization, 'SelfSubjectRulesReview'),
];

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

function someSubject(object: JsonObject): readonly FieldError[] {
  const spec = objectAt(object, 'spec');
  if (textAt(spec, 'user') !== '' || listAt(spec, 'groups').length > 0) return [];
  return [{ reason: 'FieldValueInvalid', field: 'spec.user', value: '', message: 'at least one of user or group must be specified' }];
}
