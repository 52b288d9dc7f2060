/** apps/v1 Deployment and ReplicaSet as the API server knows them; controllers make their pods. */
import type { FieldError } from '../../field-error.ts';
import { matchesLabelSelector } from '../../selectors/match-label-selector.ts';
import { validateLabelSelector, validateLabels } from '../../selectors/validate-label-selector.ts';
import { checkImmutable, checkNotNegative, checkSupported, required } from '../../validation/field-rules.ts';
import { invalidValue, stringMap } from '../../validation/validate-object-meta.ts';
import { validatePodSpec } from '../../validation/validate-pod.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { formatLabelSelector } from '../format-selector.ts';
import { ensureObject, type JsonObject, numberAt, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition, SubresourceDefinition } from '../resource-definition.ts';
import { defaultPodSpec } from './pod-defaults.ts';

const deploymentKind = { group: 'apps', version: 'v1', kind: 'Deployment' };
const replicaSetKind = { group: 'apps', version: 'v1', kind: 'ReplicaSet' };
const scaleSubresource: SubresourceDefinition = {
  name: 'scale',
  kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  verbs: ['get', 'patch', 'update'],
};

/** The entry of deployments. */
export const deploymentResource: ResourceDefinition = defineResource({
  ...deploymentKind,
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  subresources: [scaleSubresource, statusSubresource(deploymentKind)],
  defaults: (object) => {
    const spec = defaultWorkload(object);
    setDefault(spec, 'revisionHistoryLimit', 10);
    setDefault(spec, 'progressDeadlineSeconds', 600);
    const strategy = ensureObject(spec, 'strategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = ensureObject(strategy, 'rollingUpdate');
      setDefault(rolling, 'maxUnavailable', '25%');
      setDefault(rolling, 'maxSurge', '25%');
    }
    return object;
  },
  prepareForCreate: withEmptyStatus,
  validate: (object) => [
    ...validateWorkload(object),
    ...checkSupported('spec.strategy.type', objectAt(objectAt(object, 'spec'), 'strategy')?.['type'], ['Recreate', 'RollingUpdate']),
  ],
  validateUpdate: validateWorkloadUpdate,
  table: {
    columns: [
      column('Name'),
      column('Ready', 'string', 'Number of the pod with ready state'),
      column('Up-to-date', 'string'),
      column('Available', 'string'),
      column('Age'),
      column('Containers(w)'),
      column('Images(w)'),
      column('Selector(w)'),
    ],
    row: (object, nowMs) => {
      const status = objectAt(object, 'status');
      const wanted = numberAt(objectAt(object, 'spec'), 'replicas') ?? 0;
      return {
        cells: [
          objectName(object),
          `${numberAt(status, 'readyReplicas') ?? 0}/${wanted}`,
          numberAt(status, 'updatedReplicas') ?? 0,
          numberAt(status, 'availableReplicas') ?? 0,
          objectAge(object, nowMs),
          ...templateCells(object),
        ],
      };
    },
  },
});

/** The entry of replica sets. */
export const replicaSetResource: ResourceDefinition = defineResource({
  ...replicaSetKind,
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  subresources: [scaleSubresource, statusSubresource(replicaSetKind)],
  fieldLabels: { 'status.replicas': (object) => String(numberAt(objectAt(object, 'status'), 'replicas') ?? 0) },
  defaults: (object) => {
    defaultWorkload(object);
    return object;
  },
  prepareForCreate: withEmptyStatus,
  validate: validateWorkload,
  validateUpdate: validateWorkloadUpdate,
  table: {
    columns: [
      column('Name'),
      column('Desired', 'integer'),
      column('Current', 'integer'),
      column('Ready', 'integer'),
      column('Age'),
      column('Containers(w)'),
      column('Images(w)'),
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
          ...templateCells(object),
        ],
      };
    },
  },
});

/** The defaults of both kinds; returns the spec. */
function defaultWorkload(object: JsonObject): JsonObject {
  const spec = ensureObject(object, 'spec');
  if (spec['replicas'] === undefined) spec['replicas'] = 1;
  defaultPodSpec(ensureObject(ensureObject(spec, 'template'), 'spec'));
  return spec;
}

function withEmptyStatus(object: JsonObject): JsonObject {
  object['status'] = {};
  return object;
}

function validateWorkload(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const selector = objectAt(spec, 'selector');
  const template = objectAt(spec, 'template');
  const errors = checkNotNegative('spec.replicas', spec['replicas']);
  errors.push(...checkNotNegative('spec.minReadySeconds', spec['minReadySeconds']));
  const labels = stringMap(objectAt(template, 'metadata'), 'labels');
  if (selector === undefined) errors.push(required('spec.selector'));
  else {
    errors.push(...validateLabelSelector(selector, 'spec.selector'));
    if (Object.keys(objectAt(selector, 'matchLabels') ?? {}).length + objectsAt(selector, 'matchExpressions').length === 0) {
      errors.push(invalidValue('spec.selector', selector, 'empty selector is invalid for deployment'));
    } else if (errors.length === 0 && !matchesLabelSelector(selector, labels)) {
      errors.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
    }
  }
  errors.push(...validateLabels(labels, 'spec.template.metadata.labels'));
  const podSpec = objectAt(template, 'spec') ?? {};
  errors.push(...validatePodSpec(podSpec, 'spec.template.spec'));
  if (podSpec['restartPolicy'] !== 'Always') {
    errors.push(...checkSupported('spec.template.spec.restartPolicy', podSpec['restartPolicy'], ['Always']));
  }
  return errors;
}

function validateWorkloadUpdate(object: JsonObject, old: JsonObject): FieldError[] {
  return [
    ...validateWorkload(object),
    ...checkImmutable('spec.selector', objectAt(object, 'spec')?.['selector'], objectAt(old, 'spec')?.['selector']),
  ];
}

function templateCells(object: JsonObject): string[] {
  const spec = objectAt(object, 'spec');
  const containers = objectsAt(objectAt(objectAt(spec, 'template'), 'spec'), 'containers');
  return [
    containers.map((container) => textAt(container, 'name')).join(','),
    containers.map((container) => textAt(container, 'image')).join(','),
    formatLabelSelector(objectAt(spec, 'selector')),
  ];
}
