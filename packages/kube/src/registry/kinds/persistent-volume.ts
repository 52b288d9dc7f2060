/** core/v1 PersistentVolume as the API server knows it. */
import type { FieldError } from '../../field-error.ts';
import { checkImmutable, checkSupported, deepEqual, forbiddenField, parseQuantity, required } from '../../validation/field-rules.ts';
import { validateAccessModes } from '../../validation/validate-claim.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { ensureObject, type JsonObject, listAt, objectAt, scalarText, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import { accessModesCell } from './access-modes.ts';

const volumeKind = { group: '', version: 'v1', kind: 'PersistentVolume' };

/** The fields of the specification that say nothing of where the data is. */
const commonFields = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
]);

/** The entry of persistent volumes. */
export const persistentVolumeResource: ResourceDefinition = defineResource({
  ...volumeKind,
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  statusSubresource: true,
  returnsDeletedObject: true,
  subresources: [statusSubresource(volumeKind)],
  defaults: (object) => {
    const spec = ensureObject(object, 'spec');
    setDefault(spec, 'persistentVolumeReclaimPolicy', 'Retain');
    setDefault(spec, 'volumeMode', 'Filesystem');
    const hostPath = objectAt(spec, 'hostPath');
    if (hostPath !== undefined && hostPath['type'] === undefined) hostPath['type'] = '';
    setDefault(ensureObject(object, 'status'), 'phase', 'Pending');
    return object;
  },
  prepareForCreate: (object) => {
    object['status'] = { phase: 'Pending' };
    return object;
  },
  validate: validateVolume,
  validateUpdate: (object, old) => [...validateVolume(object), ...validateUnchanged(object, old)],
  table: {
    columns: [
      column('Name'),
      column('Capacity'),
      column('Access Modes'),
      column('Reclaim Policy'),
      column('Status'),
      column('Claim'),
      column('StorageClass'),
      column('VolumeAttributesClass'),
      column('Reason'),
      column('Age'),
      column('VolumeMode(w)'),
    ],
    row: (object, nowMs) => {
      const spec = objectAt(object, 'spec');
      const status = objectAt(object, 'status');
      const claim = objectAt(spec, 'claimRef');
      return {
        cells: [
          objectName(object),
          scalarText(objectAt(spec, 'capacity'), 'storage') ?? '',
          accessModesCell(listAt(spec, 'accessModes')),
          textAt(spec, 'persistentVolumeReclaimPolicy'),
          textAt(objectAt(object, 'metadata'), 'deletionTimestamp') === '' ? textAt(status, 'phase') : 'Terminating',
          claim === undefined ? '' : `${textAt(claim, 'namespace')}/${textAt(claim, 'name')}`,
          textAt(spec, 'storageClassName'),
          textAt(spec, 'volumeAttributesClassName') || '<unset>',
          textAt(status, 'reason'),
          objectAge(object, nowMs),
          textAt(spec, 'volumeMode') || '<unset>',
        ],
      };
    },
  },
});

function sourcesOf(spec: JsonObject): readonly string[] {
  return Object.keys(spec).filter((field) => !commonFields.has(field));
}

function validateVolume(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const errors = [
    ...validateAccessModes(listAt(spec, 'accessModes'), 'spec.accessModes'),
    ...validateCapacity(objectAt(spec, 'capacity') ?? {}),
    ...checkSupported('spec.persistentVolumeReclaimPolicy', spec['persistentVolumeReclaimPolicy'], ['Delete', 'Recycle', 'Retain']),
    ...checkSupported('spec.volumeMode', spec['volumeMode'], ['Block', 'Filesystem']),
  ];
  const [first, ...others] = sourcesOf(spec);
  if (first === undefined) errors.push(required('spec', 'must specify a volume type'));
  for (const source of others) errors.push(forbiddenField(`spec.${source}`, 'may not specify more than 1 volume type'));
  return [...errors, ...validateSource(spec)];
}

function validateCapacity(capacity: JsonObject): FieldError[] {
  const names = Object.keys(capacity);
  if (names.length === 0) return [required('spec.capacity')];
  if (names.length > 1 || capacity['storage'] === undefined) {
    return [{ reason: 'FieldValueNotSupported', field: 'spec.capacity', value: capacity, message: 'supported values: "storage"' }];
  }
  const value = parseQuantity(capacity['storage']);
  return value !== undefined && value > 0 ? [] : [invalidValue('spec.capacity[storage]', capacity['storage'], 'must be greater than zero')];
}

function validateSource(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const source of ['hostPath', 'local']) {
    const place = objectAt(spec, source);
    if (place === undefined) continue;
    const path = textAt(place, 'path');
    if (path === '') errors.push(required(`spec.${source}.path`));
    else if (path.split('/').includes('..')) errors.push(invalidValue(`spec.${source}.path`, path, "must not contain '..'"));
  }
  const driver = objectAt(spec, 'csi');
  for (const field of ['driver', 'volumeHandle']) {
    if (driver !== undefined && textAt(driver, field) === '') errors.push(required(`spec.csi.${field}`));
  }
  const terms = listAt(objectAt(objectAt(spec, 'nodeAffinity'), 'required'), 'nodeSelectorTerms');
  if (spec['nodeAffinity'] !== undefined && terms.length === 0) {
    errors.push(required('spec.nodeAffinity.required.nodeSelectorTerms', 'must have at least one node selector term'));
  }
  if (objectAt(spec, 'local') !== undefined && terms.length === 0) {
    errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  }
  return errors;
}

/** Where the data is does not change, nor which nodes it is on. */
function validateUnchanged(object: JsonObject, old: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const before = objectAt(old, 'spec') ?? {};
  const sources = (of: JsonObject): JsonObject => Object.fromEntries(sourcesOf(of).map((source) => [source, of[source]]));
  const errors = deepEqual(sources(spec), sources(before))
    ? []
    : [forbiddenField('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')];
  errors.push(...checkImmutable('spec.volumeMode', spec['volumeMode'], before['volumeMode']));
  if (before['nodeAffinity'] !== undefined) {
    errors.push(...checkImmutable('spec.nodeAffinity', spec['nodeAffinity'], before['nodeAffinity']));
  }
  return errors;
}
