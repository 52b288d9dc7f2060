/** rbac.authorization.k8s.io/v1 as the API server knows it: roles, and who has them (`pkg/apis/rbac`). */
import type { FieldError } from '../../field-error.ts';
import { validateLabelSelector } from '../../selectors/validate-label-selector.ts';
import { checkSupported, deepEqual, required } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { type JsonObject, listAt, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

const group = 'rbac.authorization.k8s.io';

function roleResource(kind: 'Role' | 'ClusterRole'): ResourceDefinition {
  return defineResource({
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: kind === 'Role',
    validateName: pathSegmentName,
    validate: (object) => [
      ...objectsAt(object, 'rules').flatMap((rule, i) => validateRule(rule, `rules[${i}]`, kind === 'Role')),
      ...validateAggregation(object),
    ],
    table: {
      columns: [column('Name'), column('Created At')],
      row: (object) => ({ cells: [objectName(object), textAt(objectAt(object, 'metadata'), 'creationTimestamp')] }),
    },
  });
}

function bindingResource(kind: 'RoleBinding' | 'ClusterRoleBinding'): ResourceDefinition {
  return defineResource({
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: kind === 'RoleBinding',
    validateName: pathSegmentName,
    defaults: (object) => {
      const role = objectAt(object, 'roleRef');
      if (role !== undefined) setDefault(role, 'apiGroup', group);
      for (const subject of objectsAt(object, 'subjects')) {
        if (subject['kind'] === 'User' || subject['kind'] === 'Group') setDefault(subject, 'apiGroup', group);
      }
      return object;
    },
    validate: (object) => validateBinding(object, kind === 'RoleBinding'),
    validateUpdate: (object, old) => {
      const errors = validateBinding(object, kind === 'RoleBinding');
      if (!deepEqual(object['roleRef'], old['roleRef'])) errors.push(invalidValue('roleRef', object['roleRef'], 'cannot change roleRef'));
      return errors;
    },
    table: {
      columns: [column('Name'), column('Role'), column('Age'), column('Users(w)'), column('Groups(w)'), column('ServiceAccounts(w)')],
      row: (object, nowMs) => ({
        cells: [
          objectName(object),
          `${textAt(objectAt(object, 'roleRef'), 'kind')}/${textAt(objectAt(object, 'roleRef'), 'name')}`,
          objectAge(object, nowMs),
          ...['User', 'Group', 'ServiceAccount'].map((each) => subjectsCell(object, each)),
        ],
      }),
    },
  });
}

/** The four kinds. */
export const rbacResources: readonly ResourceDefinition[] = [
  bindingResource('ClusterRoleBinding'),
  roleResource('ClusterRole'),
  bindingResource('RoleBinding'),
  roleResource('Role'),
];

/** Names of roles are free but for what has a meaning in paths (`path.ValidatePathSegmentName`). */
function pathSegmentName(name: string): readonly string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((each) => name.includes(each)).map((each) => `may not contain '${each}'`);
}

function validateRule(rule: JsonObject, path: string, isNamespaced: boolean): FieldError[] {
  const errors = listAt(rule, 'verbs').length === 0 ? [required(`${path}.verbs`, 'verbs must contain at least one value')] : [];
  const urls = listAt(rule, 'nonResourceURLs');
  if (urls.length > 0) {
    if (isNamespaced) errors.push(invalidValue(`${path}.nonResourceURLs`, urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (['apiGroups', 'resources', 'resourceNames'].some((field) => listAt(rule, field).length > 0)) {
      errors.push(invalidValue(`${path}.nonResourceURLs`, urls, 'rules cannot apply to both regular resources and non-resource URLs'));
    }
    return errors;
  }
  if (listAt(rule, 'apiGroups').length === 0)
    errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  if (listAt(rule, 'resources').length === 0)
    errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  return errors;
}

function validateAggregation(object: JsonObject): FieldError[] {
  const aggregation = objectAt(object, 'aggregationRule');
  if (aggregation === undefined) return [];
  const selectors = objectsAt(aggregation, 'clusterRoleSelectors');
  if (selectors.length === 0) {
    return [required('aggregationRule.clusterRoleSelectors', 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, i) => validateLabelSelector(selector, `aggregationRule.clusterRoleSelectors[${i}]`));
}

function validateBinding(object: JsonObject, isNamespaced: boolean): FieldError[] {
  const role = objectAt(object, 'roleRef') ?? {};
  const errors = checkSupported('roleRef.apiGroup', role['apiGroup'] ?? '', [group]);
  errors.push(...checkSupported('roleRef.kind', role['kind'] ?? '', isNamespaced ? ['ClusterRole', 'Role'] : ['ClusterRole']));
  if (textAt(role, 'name') === '') errors.push(required('roleRef.name'));
  return [...errors, ...objectsAt(object, 'subjects').flatMap((subject, i) => validateSubject(subject, `subjects[${i}]`, isNamespaced))];
}

function validateSubject(subject: JsonObject, path: string, isNamespaced: boolean): FieldError[] {
  const errors = textAt(subject, 'name') === '' ? [required(`${path}.name`)] : [];
  switch (subject['kind']) {
    case 'ServiceAccount':
      if (textAt(subject, 'apiGroup') !== '') errors.push(...checkSupported(`${path}.apiGroup`, subject['apiGroup'], ['']));
      if (!isNamespaced && textAt(subject, 'namespace') === '') errors.push(required(`${path}.namespace`));
      return errors;
    case 'User':
    case 'Group':
      return [...errors, ...checkSupported(`${path}.apiGroup`, subject['apiGroup'], [group])];
    default:
      return [...errors, ...checkSupported(`${path}.kind`, subject['kind'] ?? '', ['Group', 'ServiceAccount', 'User'])];
  }
}

function subjectsCell(object: JsonObject, kind: string): string {
  return objectsAt(object, 'subjects')
    .filter((subject) => subject['kind'] === kind)
    .map((subject) => (kind === 'ServiceAccount' ? `${textAt(subject, 'namespace')}/${textAt(subject, 'name')}` : textAt(subject, 'name')))
    .join(', ');
}
