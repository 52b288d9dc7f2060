/** apps/v1 ReplicaSet as the API server knows it, and what a Deployment has of it; a controller makes its pods. */
import type { FieldError } from '../../field-error.ts';
import { checkImmutable, checkNotNegative } from '../../validation/field-rules.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { type JsonObject, numberAt, objectAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import {
  defaultTemplate,
  scaleSubresource,
  selectorCell,
  templateCells,
  templateColumns,
  templateScale,
  validateLastingTemplate,
  validateSelector,
  warnTemplate,
  withEmptyStatus,
} from './pod-template.ts';

const replicaSetKind = { group: 'apps', version: 'v1', kind: 'ReplicaSet' };

/** The entry of replica sets. */
export const replicaSetResource: ResourceDefinition = defineResource({
  ...replicaSetKind,
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  scale: templateScale,
  subresources: [scaleSubresource, statusSubresource(replicaSetKind)],
  fieldLabels: { 'status.replicas': (object) => String(numberAt(objectAt(object, 'status'), 'replicas') ?? 0) },
  defaults: (object) => {
    defaultReplicated(object);
    return object;
  },
  prepareForCreate: withEmptyStatus,
  validate: validateReplicated,
  warnings: warnTemplate,
  validateUpdate: validateReplicatedUpdate,
  table: {
    columns: [
      column('Name'),
      column('Desired', 'integer'),
      column('Current', 'integer'),
      column('Ready', 'integer'),
      column('Age'),
      ...templateColumns,
      column('Selector(w)'),
    ],
    row: (object, nowMs) => {
      const status = objectAt(object, 'status');
      return {
        cells: [
          objectName(object),
          numberAt(objectAt(object, 'spec'), 'replicas') ?? 0,
          numberAt(status, 'replicas') ?? 0,
          numberAt(status, 'readyReplicas') ?? 0,
          objectAge(object, nowMs),
          ...templateCells(objectAt(objectAt(object, 'spec'), 'template')),
          selectorCell(object),
        ],
      };
    },
  },
});

/** The defaults of both kinds; returns the spec. */
export function defaultReplicated(object: JsonObject): JsonObject {
  const spec = defaultTemplate(object);
  if (spec['replicas'] === undefined) spec['replicas'] = 1;
  return spec;
}

/** What is wrong with a new one. */
export function validateReplicated(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  return [
    ...checkNotNegative('spec.replicas', spec['replicas']),
    ...checkNotNegative('spec.minReadySeconds', spec['minReadySeconds']),
    ...validateSelector(object, 'deployment'),
    ...validateLastingTemplate(object),
  ];
}

/** What is wrong with a changed one. */
export function validateReplicatedUpdate(object: JsonObject, old: JsonObject): FieldError[] {
  const selector = checkImmutable('spec.selector', objectAt(object, 'spec')?.['selector'], objectAt(old, 'spec')?.['selector']);
  return [...validateReplicated(object), ...selector];
}
