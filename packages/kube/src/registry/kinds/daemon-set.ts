/** apps/v1 DaemonSet as the API server knows it; a controller makes one pod a node. */
import type { FieldError } from '../../field-error.ts';
import { checkImmutable, checkNotNegative, checkSupported } from '../../validation/field-rules.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { formatLabels } from '../format-selector.ts';
import { ensureObject, type JsonObject, numberAt, objectAt, setDefault } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import { validateRollingUpdate } from './deployment.ts';
import {
  defaultTemplate,
  selectorCell,
  templateCells,
  templateColumns,
  validateLastingTemplate,
  validateSelector,
  warnTemplate,
} from './pod-template.ts';

const daemonSetKind = { group: 'apps', version: 'v1', kind: 'DaemonSet' };

/** The entry of daemon sets. */
export const daemonSetResource: ResourceDefinition = defineResource({
  ...daemonSetKind,
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  subresources: [statusSubresource(daemonSetKind)],
  defaults: (object) => {
    const spec = defaultTemplate(object);
    setDefault(spec, 'revisionHistoryLimit', 10);
    const strategy = ensureObject(spec, 'updateStrategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = ensureObject(strategy, 'rollingUpdate');
      setDefault(rolling, 'maxUnavailable', 1);
      setDefault(rolling, 'maxSurge', 0);
    }
    return object;
  },
  prepareForCreate: (object) => {
    object['status'] = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    return object;
  },
  validate: validateDaemonSet,
  warnings: warnTemplate,
  validateUpdate: (object, old) => [
    ...validateDaemonSet(object),
    ...checkImmutable('spec.selector', objectAt(object, 'spec')?.['selector'], objectAt(old, 'spec')?.['selector']),
  ],
  table: {
    columns: [
      column('Name'),
      column('Desired', 'integer'),
      column('Current', 'integer'),
      column('Ready', 'integer'),
      column('Up-to-date', 'integer'),
      column('Available', 'integer'),
      column('Node Selector'),
      column('Age'),
      ...templateColumns,
      column('Selector(w)'),
    ],
    row: (object, nowMs) => {
      const status = objectAt(object, 'status');
      const template = objectAt(objectAt(object, 'spec'), 'template');
      const fields = ['desiredNumberScheduled', 'currentNumberScheduled', 'numberReady', 'updatedNumberScheduled', 'numberAvailable'];
      return {
        cells: [
          objectName(object),
          ...fields.map((field) => numberAt(status, field) ?? 0),
          formatLabels(objectAt(objectAt(template, 'spec'), 'nodeSelector')),
          objectAge(object, nowMs),
          ...templateCells(template),
          selectorCell(object),
        ],
      };
    },
  },
});

function validateDaemonSet(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const strategy = objectAt(spec, 'updateStrategy');
  const rolling = objectAt(strategy, 'rollingUpdate');
  return [
    ...checkSupported('spec.updateStrategy.type', strategy?.['type'], ['OnDelete', 'RollingUpdate']),
    ...(rolling === undefined ? [] : validateRollingUpdate(rolling, 'spec.updateStrategy.rollingUpdate')),
    ...checkNotNegative('spec.minReadySeconds', spec['minReadySeconds']),
    ...checkNotNegative('spec.revisionHistoryLimit', spec['revisionHistoryLimit']),
    ...validateSelector(object, 'daemonset'),
    ...validateLastingTemplate(object, 'DaemonSet'),
  ];
}
