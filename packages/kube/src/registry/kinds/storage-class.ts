/** storage.k8s.io/v1 StorageClass as the API server knows it. */
import type { FieldError } from '../../field-error.ts';
import { checkImmutable, checkSupported, deepEqual, forbiddenField, required } from '../../validation/field-rules.ts';
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { type JsonObject, objectAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

/** The annotations by which a class says that it is for claims without one; the second is of the beta. */
const defaultAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

/** Whether the class is for claims that name none. */
export function isDefaultStorageClass(object: Readonly<JsonObject>): boolean {
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  return defaultAnnotations.some((name) => textAt(annotations, name) === 'true');
}

/** The entry of storage classes. */
export const storageClassResource: ResourceDefinition = defineResource({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  returnsDeletedObject: true,
  defaults: (object) => {
    setDefault(object, 'reclaimPolicy', 'Delete');
    setDefault(object, 'volumeBindingMode', 'Immediate');
    return object;
  },
  validate: (object) => [
    ...(textAt(object, 'provisioner') === '' ? [required('provisioner')] : []),
    ...checkSupported('reclaimPolicy', object['reclaimPolicy'], ['Delete', 'Retain']),
    ...checkSupported('volumeBindingMode', object['volumeBindingMode'], ['Immediate', 'WaitForFirstConsumer']),
  ],
  validateUpdate: validateUnchanged,
  table: {
    columns: [
      column('Name'),
      column('Provisioner'),
      column('ReclaimPolicy'),
      column('VolumeBindingMode'),
      column('AllowVolumeExpansion'),
      column('Age'),
    ],
    row: (object, nowMs) => ({
      cells: [
        isDefaultStorageClass(object) ? `${objectName(object)} (default)` : objectName(object),
        textAt(object, 'provisioner'),
        textAt(object, 'reclaimPolicy'),
        textAt(object, 'volumeBindingMode'),
        object['allowVolumeExpansion'] === true,
        objectAge(object, nowMs),
      ],
    }),
  },
});

function validateUnchanged(object: JsonObject, old: JsonObject): FieldError[] {
  const errors = ['parameters', 'provisioner', 'reclaimPolicy']
    .filter((field) => !deepEqual(object[field], old[field]))
    .map((field) => forbiddenField(field, `updates to ${field} are forbidden.`));
  return [...errors, ...checkImmutable('volumeBindingMode', object['volumeBindingMode'], old['volumeBindingMode'])];
}
