/** apps/v1 Deployment as the API server knows it; a controller makes its replica sets. */
import type { FieldError } from '../../field-error.ts';
import {
  checkAtMostAll,
  checkNotNegative,
  checkNumberOrPercent,
  checkSupported,
  forbiddenField,
  isZeroShare,
} from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { ensureObject, type JsonObject, numberAt, objectAt, setDefault } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import {
  scaleSubresource,
  selectorCell,
  templateCells,
  templateColumns,
  templateScale,
  warnTemplate,
  withEmptyStatus,
} from './pod-template.ts';
import { defaultReplicated, validateReplicated, validateReplicatedUpdate } from './replica-set.ts';

const deploymentKind = { group: 'apps', version: 'v1', kind: 'Deployment' };

/** The entry of deployments. */
export const deploymentResource: ResourceDefinition = defineResource({
  ...deploymentKind,
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  scale: templateScale,
  subresources: [scaleSubresource, statusSubresource(deploymentKind)],
  defaults: (object) => {
    const spec = defaultReplicated(object);
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
  validate: (object) => [...validateReplicated(object), ...validateDeployment(object)],
  warnings: warnTemplate,
  validateUpdate: (object, old) => [...validateReplicatedUpdate(object, old), ...validateDeployment(object)],
  table: {
    columns: [
      column('Name'),
      column('Ready', 'string', 'Number of the pod with ready state'),
      column('Up-to-date', 'string'),
      column('Available', 'string'),
      column('Age'),
      ...templateColumns,
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
          ...templateCells(objectAt(objectAt(object, 'spec'), 'template')),
          selectorCell(object),
        ],
      };
    },
  },
});

function validateDeployment(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec');
  const strategy = objectAt(spec, 'strategy');
  const rolling = objectAt(strategy, 'rollingUpdate');
  const errors = [
    ...checkSupported('spec.strategy.type', strategy?.['type'], ['Recreate', 'RollingUpdate']),
    ...checkNotNegative('spec.revisionHistoryLimit', spec?.['revisionHistoryLimit']),
    ...checkNotNegative('spec.progressDeadlineSeconds', spec?.['progressDeadlineSeconds']),
  ];
  const deadline = numberAt(spec, 'progressDeadlineSeconds');
  if (deadline !== undefined && deadline <= (numberAt(spec, 'minReadySeconds') ?? 0)) {
    errors.push(invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  if (rolling === undefined) return errors;
  if (strategy?.['type'] === 'Recreate') {
    const message = "may not be specified when strategy `type` is 'Recreate'";
    return [...errors, forbiddenField('spec.strategy.rollingUpdate', message)];
  }
  return [...errors, ...validateRollingUpdate(rolling, 'spec.strategy.rollingUpdate')];
}

/** What is wrong with the shares of a rolling update; `path` is its own. */
export function validateRollingUpdate(rolling: JsonObject, path: string): FieldError[] {
  const { maxUnavailable, maxSurge } = rolling;
  const errors = [
    ...checkNumberOrPercent(`${path}.maxUnavailable`, maxUnavailable),
    ...checkNumberOrPercent(`${path}.maxSurge`, maxSurge),
    ...checkAtMostAll(`${path}.maxUnavailable`, maxUnavailable),
  ];
  if (isZeroShare(maxUnavailable) && isZeroShare(maxSurge)) {
    errors.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return errors;
}
