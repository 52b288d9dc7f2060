/** apps/v1 StatefulSet as the API server knows it; a controller makes its pods, one after another. */
import type { FieldError } from '../../field-error.ts';
import { checkNotNegative, checkNumberOrPercent, deepEqual, forbiddenField, isZeroShare, required } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { ensureObject, type JsonObject, numberAt, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import { defaultPersistentVolumeClaim } from './persistent-volume-claim.ts';
import {
  defaultTemplate,
  scaleSubresource,
  templateCells,
  templateColumns,
  templateScale,
  validateLastingTemplate,
  validateSelector,
  warnTemplate,
  withEmptyStatus,
} from './pod-template.ts';

const statefulSetKind = { group: 'apps', version: 'v1', kind: 'StatefulSet' };

/** What may change of a stateful set once it is there. */
const mutableFields = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

/** The entry of stateful sets. */
export const statefulSetResource: ResourceDefinition = defineResource({
  ...statefulSetKind,
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  scale: templateScale,
  subresources: [scaleSubresource, statusSubresource(statefulSetKind)],
  defaults: (object) => {
    const spec = defaultTemplate(object);
    if (spec['replicas'] === undefined) spec['replicas'] = 1;
    setDefault(spec, 'revisionHistoryLimit', 10);
    setDefault(spec, 'podManagementPolicy', 'OrderedReady');
    const strategy = ensureObject(spec, 'updateStrategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') setDefault(ensureObject(strategy, 'rollingUpdate'), 'partition', 0);
    const retention = ensureObject(spec, 'persistentVolumeClaimRetentionPolicy');
    setDefault(retention, 'whenDeleted', 'Retain');
    setDefault(retention, 'whenScaled', 'Retain');
    for (const claim of objectsAt(spec, 'volumeClaimTemplates')) {
      setDefault(claim, 'apiVersion', 'v1');
      setDefault(claim, 'kind', 'PersistentVolumeClaim');
      defaultPersistentVolumeClaim(claim);
    }
    return object;
  },
  prepareForCreate: withEmptyStatus,
  validate: validateStatefulSet,
  warnings: warnTemplate,
  validateUpdate: (object, old) => [...validateStatefulSet(object), ...validateUnchanged(object, old)],
  table: {
    columns: [column('Name'), column('Ready', 'string', 'Number of the pod with ready state'), column('Age'), ...templateColumns],
    row: (object, nowMs) => {
      const spec = objectAt(object, 'spec');
      const ready = numberAt(objectAt(object, 'status'), 'readyReplicas') ?? 0;
      return {
        cells: [
          objectName(object),
          `${ready}/${numberAt(spec, 'replicas') ?? 0}`,
          objectAge(object, nowMs),
          ...templateCells(objectAt(spec, 'template')),
        ],
      };
    },
  },
});

function validateStatefulSet(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const policy = textAt(spec, 'podManagementPolicy');
  const errors =
    policy === 'OrderedReady' || policy === 'Parallel'
      ? []
      : [invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")];
  errors.push(
    ...validateUpdateStrategy(objectAt(spec, 'updateStrategy') ?? {}),
    ...checkNotNegative('spec.replicas', spec['replicas']),
    ...checkNotNegative('spec.minReadySeconds', spec['minReadySeconds']),
    ...checkNotNegative('spec.ordinals.start', objectAt(spec, 'ordinals')?.['start']),
  );
  const retention = objectAt(spec, 'persistentVolumeClaimRetentionPolicy');
  for (const field of ['whenDeleted', 'whenScaled']) {
    const value = retention?.[field];
    if (value === 'Retain' || value === 'Delete') continue;
    errors.push(
      value === undefined
        ? required(`spec.persistentVolumeClaimRetentionPolicy.${field}`)
        : invalidValue(`spec.persistentVolumeClaimRetentionPolicy.${field}`, value, "must be 'Retain' or 'Delete'"),
    );
  }
  return [...errors, ...validateSelector(object, 'statefulset'), ...validateLastingTemplate(withClaimVolumes(object), 'StatefulSet')];
}

/** The set with the volumes that its pods will have: claims take the place of volumes of the same name. */
function withClaimVolumes(object: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  const podSpec = objectAt(template, 'spec');
  const names = objectsAt(spec, 'volumeClaimTemplates').map((claim) => textAt(objectAt(claim, 'metadata'), 'name'));
  const own = objectsAt(podSpec, 'volumes').filter((volume) => !names.includes(textAt(volume, 'name')));
  const claims = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...object, spec: { ...spec, template: { ...template, spec: { ...podSpec, volumes: [...own, ...claims] } } } };
}

function validateUpdateStrategy(strategy: JsonObject): FieldError[] {
  const path = 'spec.updateStrategy';
  const rolling = objectAt(strategy, 'rollingUpdate');
  switch (strategy['type']) {
    case 'OnDelete':
      return rolling === undefined
        ? []
        : [invalidValue(`${path}.rollingUpdate`, rolling, "only allowed for updateStrategy 'RollingUpdate'")];
    case 'RollingUpdate': {
      const errors = checkNotNegative(`${path}.rollingUpdate.partition`, rolling?.['partition']);
      errors.push(...checkNumberOrPercent(`${path}.rollingUpdate.maxUnavailable`, rolling?.['maxUnavailable']));
      if (isZeroShare(rolling?.['maxUnavailable'])) {
        errors.push(invalidValue(`${path}.rollingUpdate.maxUnavailable`, rolling?.['maxUnavailable'], 'cannot be 0'));
      }
      return errors;
    }
    default:
      return [invalidValue(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
}

function validateUnchanged(object: JsonObject, old: JsonObject): FieldError[] {
  const fixed = (of: JsonObject): JsonObject => {
    const { ...spec } = objectAt(of, 'spec') ?? {};
    for (const field of mutableFields) delete spec[field];
    return spec;
  };
  if (deepEqual(fixed(object), fixed(old))) return [];
  const all = mutableFields.map((field) => `'${field}'`);
  const words = `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}`;
  return [forbiddenField('spec', `updates to statefulset spec for fields other than ${words} are forbidden`)];
}
