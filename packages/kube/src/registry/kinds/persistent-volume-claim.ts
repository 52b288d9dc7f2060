/** core/v1 PersistentVolumeClaim as the API server knows it. */
import { checkSupported, deepEqual, forbiddenField, required } from '../../validation/field-rules.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { ensureObject, type JsonObject, listAt, objectAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

const claimKind = { group: '', version: 'v1', kind: 'PersistentVolumeClaim' };
const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
/** As `kubectl get` abbreviates them. */
const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

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
  validateUpdate: (object, old) => {
    const kept = (of: JsonObject): JsonObject => {
      const { resources: _resources, volumeName: _name, volumeAttributesClassName: _class, ...spec } = objectAt(of, 'spec') ?? {};
      return spec;
    };
    if (deepEqual(kept(object), kept(old))) return validateClaim(object);
    const message = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    return [...validateClaim(object), forbiddenField('spec', message)];
  },
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
          isBound ? textAt(objectAt(status, 'capacity'), 'storage') : '',
          isBound
            ? listAt(status, 'accessModes')
                .map((mode) => shortModes[String(mode)] ?? String(mode))
                .join(',')
            : '',
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

function validateClaim(object: JsonObject): ReturnType<ResourceDefinition['validate']> {
  const spec = objectAt(object, 'spec');
  const modes = listAt(spec, 'accessModes');
  const errors = modes.flatMap((mode, i) => checkSupported(`spec.accessModes[${i}]`, mode, accessModes));
  if (modes.length === 0) errors.push(required('spec.accessModes', 'at least 1 access mode is required'));
  const requests = objectAt(objectAt(spec, 'resources'), 'requests');
  if (requests?.['storage'] === undefined) errors.push(required('spec.resources[storage]'));
  return errors;
}
