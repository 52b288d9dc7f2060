/** core/v1 PersistentVolumeClaim as the API server knows it. */
import type { FieldError } from '../../field-error.ts';
import { deepEqual, forbiddenField, parseQuantity } from '../../validation/field-rules.ts';
import { validateClaimSpec } from '../../validation/validate-claim.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { ensureObject, type JsonObject, listAt, objectAt, scalarText, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import { accessModesCell } from './access-modes.ts';

const claimKind = { group: '', version: 'v1', kind: 'PersistentVolumeClaim' };
const onlyExpansion = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** The entry of persistent volume claims. */
export const persistentVolumeClaimResource: ResourceDefinition = defineResource({
  ...claimKind,
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  namespaced: true,
  statusSubresource: true,
  subresources: [statusSubresource(claimKind)],
  defaults: (object) => {
    defaultPersistentVolumeClaim(object);
    return object;
  },
  prepareForCreate: (object) => {
    object['status'] = { phase: 'Pending' };
    return object;
  },
  validate: validateClaim,
  validateUpdate: (object, old) => [...validateClaim(object), ...validateUnchanged(object, old)],
  table: {
    columns: [
      column('Name'),
      column('Status'),
      column('Volume'),
      column('Capacity'),
      column('Access Modes'),
      column('StorageClass'),
      column('VolumeAttributesClass'),
      column('Age'),
      column('VolumeMode(w)'),
    ],
    row: (object, nowMs) => {
      const spec = objectAt(object, 'spec');
      const status = objectAt(object, 'status');
      const isBound = textAt(spec, 'volumeName') !== '';
      return {
        cells: [
          objectName(object),
          textAt(objectAt(object, 'metadata'), 'deletionTimestamp') === '' ? textAt(status, 'phase') : 'Terminating',
          textAt(spec, 'volumeName'),
          isBound ? (scalarText(objectAt(status, 'capacity'), 'storage') ?? '') : '',
          isBound ? accessModesCell(listAt(status, 'accessModes')) : '',
          textAt(spec, 'storageClassName'),
          textAt(spec, 'volumeAttributesClassName') || '<unset>',
          objectAge(object, nowMs),
          textAt(spec, 'volumeMode') || '<unset>',
        ],
      };
    },
  },
});

/** The defaults of a claim, also of one in a stateful set's template; changes its argument. */
export function defaultPersistentVolumeClaim(claim: JsonObject): void {
  setDefault(ensureObject(claim, 'spec'), 'volumeMode', 'Filesystem');
  setDefault(ensureObject(claim, 'status'), 'phase', 'Pending');
}

function validateClaim(object: JsonObject): FieldError[] {
  return validateClaimSpec(objectAt(object, 'spec'), 'spec');
}

/** A claim gets a class and a volume once; a bound one may ask for more. */
function validateUnchanged(object: JsonObject, old: JsonObject): FieldError[] {
  const { ...spec } = objectAt(object, 'spec') ?? {};
  const before = objectAt(old, 'spec') ?? {};
  for (const field of ['volumeName', 'storageClassName']) {
    if (before[field] === undefined) delete spec[field];
  }
  const isBound = textAt(objectAt(old, 'status'), 'phase') === 'Bound';
  for (const field of ['resources', 'volumeAttributesClassName']) {
    if (!isBound) continue;
    if (before[field] === undefined) delete spec[field];
    else spec[field] = before[field];
  }
  if (!deepEqual(spec, before)) return [forbiddenField('spec', onlyExpansion)];
  const requested = parseQuantity(storageOf(object));
  const capacity = parseQuantity(objectAt(objectAt(old, 'status'), 'capacity')?.['storage'] ?? storageOf(old));
  if (requested === undefined || capacity === undefined || requested >= capacity) return [];
  return requested === parseQuantity(storageOf(old))
    ? []
    : [forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity')];
}

/** How much the claim asks for. */
function storageOf(claim: JsonObject): unknown {
  return objectAt(objectAt(objectAt(claim, 'spec'), 'resources'), 'requests')?.['storage'];
}
