/** apps/v1 ControllerRevision as the API server knows it: an earlier template of a stateful or daemon set. */
import { checkImmutable, checkNotNegative, required } from '../../validation/field-rules.ts';
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { type JsonObject, numberAt, objectAt, objectsAt, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

/** The entry of controller revisions. */
export const controllerRevisionResource: ResourceDefinition = defineResource({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  validate: validateRevision,
  validateUpdate: (object, old) => [...validateRevision(object), ...checkImmutable('data', object['data'], old['data'])],
  table: {
    columns: [column('Name'), column('Controller'), column('Revision', 'integer'), column('Age')],
    row: (object, nowMs) => ({
      cells: [objectName(object), controllerName(object), numberAt(object, 'revision') ?? 0, objectAge(object, nowMs)],
    }),
  },
});

function validateRevision(object: JsonObject): ReturnType<ResourceDefinition['validate']> {
  return [
    ...checkNotNegative('revision', object['revision']),
    ...(object['data'] === undefined ? [required('data', 'data is mandatory')] : []),
  ];
}

/** `statefulset.apps/web`, as kubectl names the owner. */
function controllerName(object: JsonObject): string {
  const owner = objectsAt(objectAt(object, 'metadata'), 'ownerReferences').find((reference) => reference['controller'] === true);
  if (owner === undefined) return '<none>';
  const group = textAt(owner, 'apiVersion').split('/').slice(0, -1).join('/');
  return `${textAt(owner, 'kind').toLowerCase()}${group === '' ? '' : `.${group}`}/${textAt(owner, 'name')}`;
}
