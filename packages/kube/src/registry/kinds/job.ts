/** batch/v1 Job as the API server knows it; a controller makes its pods until enough have succeeded. */
import type { FieldError } from '../../field-error.ts';
import { validateLabelSelector } from '../../selectors/validate-label-selector.ts';
import { checkImmutable, checkNotNegative, checkSupported, deepEqual, required } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { validatePodSpec } from '../../validation/validate-pod.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { humanDuration } from '../human-duration.ts';
import { ensureObject, type JsonObject, numberAt, objectAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import { conditionIsTrue, defaultPodSpec } from './pod-defaults.ts';
import { selectorCell, templateCells, templateColumns, warnTemplate } from './pod-template.ts';

const jobKind = { group: 'batch', version: 'v1', kind: 'Job' };

/** The labels that tie a pod to its job; those without a prefix are of before 1.27 and still set. */
export const jobLabels = {
  uid: 'batch.kubernetes.io/controller-uid',
  name: 'batch.kubernetes.io/job-name',
  oldUid: 'controller-uid',
  oldName: 'job-name',
};

/** `backoffLimit` of a job that limits retries by index instead. */
const noLimit = 2147483647;

/** The entry of jobs. */
export const jobResource: ResourceDefinition = defineResource({
  ...jobKind,
  plural: 'jobs',
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  subresources: [statusSubresource(jobKind)],
  fieldLabels: { 'status.successful': (object) => String(numberAt(objectAt(object, 'status'), 'succeeded') ?? 0) },
  defaults: (object) => {
    const spec = ensureObject(object, 'spec');
    defaultJobSpec(spec);
    const metadata = ensureObject(object, 'metadata');
    const labels = objectAt(objectAt(objectAt(spec, 'template'), 'metadata'), 'labels');
    if (metadata['labels'] === undefined && labels !== undefined) metadata['labels'] = { ...labels };
    return object;
  },
  prepareForCreate: (object) => {
    object['status'] = {};
    if (objectAt(object, 'spec')?.['manualSelector'] !== true) generateSelector(object);
    return object;
  },
  validate: validateJob,
  warnings: warnTemplate,
  validateUpdate: (object, old) => [...validateJob(object), ...validateUnchanged(object, old)],
  table: {
    columns: [
      column('Name'),
      column('Status'),
      column('Completions'),
      column('Duration'),
      column('Age'),
      ...templateColumns,
      column('Selector(w)'),
    ],
    row: (object, nowMs) => ({
      cells: [
        objectName(object),
        statusCell(object),
        completionsCell(object),
        durationCell(object, nowMs),
        objectAge(object, nowMs),
        ...templateCells(objectAt(objectAt(object, 'spec'), 'template')),
        selectorCell(object),
      ],
    }),
  },
});

/** The defaults of a job, also of one in a cron job's template; changes its argument. */
export function defaultJobSpec(spec: JsonObject): void {
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1;
  if (spec['parallelism'] === undefined) spec['parallelism'] = 1;
  if (spec['backoffLimit'] === undefined) spec['backoffLimit'] = spec['backoffLimitPerIndex'] === undefined ? 6 : noLimit;
  if (spec['backoffLimitPerIndex'] !== undefined && spec['maxFailedIndexes'] === null) delete spec['maxFailedIndexes'];
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'podReplacementPolicy', spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed');
  defaultPodSpec(ensureObject(ensureObject(spec, 'template'), 'spec'));
}

/** Every error in a job's spec; `path` is its own. */
export function validateJobSpec(spec: JsonObject, path: string): FieldError[] {
  const errors = [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
  ].flatMap((field) => checkNotNegative(`${path}.${field}`, spec[field]));
  errors.push(...checkSupported(`${path}.completionMode`, spec['completionMode'], ['Indexed', 'NonIndexed']));
  if (spec['completionMode'] === 'Indexed' && spec['completions'] === undefined) {
    errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  }
  if (spec['backoffLimitPerIndex'] !== undefined && spec['completionMode'] !== 'Indexed') {
    errors.push(invalidValue(`${path}.backoffLimitPerIndex`, spec['backoffLimitPerIndex'], 'requires indexed completion mode'));
  }
  const podSpec = objectAt(objectAt(spec, 'template'), 'spec') ?? {};
  errors.push(...validatePodSpec(podSpec, `${path}.template.spec`));
  const policy = podSpec['restartPolicy'];
  if (policy === 'Always') errors.push(required(`${path}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'));
  else errors.push(...checkSupported(`${path}.template.spec.restartPolicy`, policy, ['Never', 'OnFailure']));
  return errors;
}

function validateJob(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const selector = objectAt(spec, 'selector');
  const errors = selector === undefined ? [required('spec.selector')] : validateLabelSelector(selector, 'spec.selector');
  return [...errors, ...validateJobSpec(spec, 'spec')];
}

/** A suspended job that has not started may still change where its pods go; everything else of the template stays. */
function validateUnchanged(object: JsonObject, old: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const before = objectAt(old, 'spec') ?? {};
  const errors = ['selector', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'].flatMap((field) =>
    checkImmutable(`spec.${field}`, spec[field], before[field]),
  );
  const isElastic = spec['completionMode'] === 'Indexed' && spec['completions'] === spec['parallelism'];
  if (!isElastic) errors.push(...checkImmutable('spec.completions', spec['completions'], before['completions']));
  const mayMove = before['suspend'] === true && objectAt(old, 'status')?.['startTime'] === undefined;
  const fixed = (template: JsonObject | undefined): JsonObject | undefined => (mayMove ? withoutPlacement(template) : template);
  const template = objectAt(spec, 'template');
  if (!deepEqual(fixed(template), fixed(objectAt(before, 'template')))) {
    errors.push({ reason: 'FieldValueInvalid', field: 'spec.template', value: template, message: 'field is immutable' });
  }
  return errors;
}

function withoutPlacement(template: JsonObject | undefined): JsonObject {
  const { labels: _labels, annotations: _annotations, ...metadata } = objectAt(template, 'metadata') ?? {};
  const {
    nodeSelector: _selector,
    affinity: _affinity,
    tolerations: _tolerations,
    schedulingGates: _gates,
    ...spec
  } = objectAt(template, 'spec') ?? {};
  return { metadata, spec };
}

/** Pods belong to one job by its UID, which no other job can have. */
function generateSelector(object: JsonObject): void {
  const metadata = objectAt(object, 'metadata');
  const uid = textAt(metadata, 'uid');
  const name = textAt(metadata, 'name');
  const spec = ensureObject(object, 'spec');
  const labels = ensureObject(ensureObject(ensureObject(spec, 'template'), 'metadata'), 'labels');
  for (const key of [jobLabels.uid, jobLabels.oldUid]) labels[key] = uid;
  for (const key of [jobLabels.name, jobLabels.oldName]) labels[key] = name;
  ensureObject(ensureObject(spec, 'selector'), 'matchLabels')[jobLabels.uid] = uid;
}

function statusCell(object: JsonObject): string {
  if (conditionIsTrue(object, 'Complete')) return 'Complete';
  if (conditionIsTrue(object, 'Failed')) return 'Failed';
  if (textAt(objectAt(object, 'metadata'), 'deletionTimestamp') !== '') return 'Terminating';
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']) if (conditionIsTrue(object, type)) return type;
  return 'Running';
}

function completionsCell(object: JsonObject): string {
  const spec = objectAt(object, 'spec');
  const succeeded = numberAt(objectAt(object, 'status'), 'succeeded') ?? 0;
  const completions = numberAt(spec, 'completions');
  if (completions !== undefined) return `${succeeded}/${completions}`;
  const parallelism = numberAt(spec, 'parallelism') ?? 1;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationCell(object: JsonObject, nowMs: number): string {
  const status = objectAt(object, 'status');
  const start = Date.parse(textAt(status, 'startTime'));
  if (Number.isNaN(start)) return '';
  const end = Date.parse(textAt(status, 'completionTime'));
  return humanDuration((Number.isNaN(end) ? nowMs : end) - start);
}
