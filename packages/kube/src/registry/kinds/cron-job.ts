/** batch/v1 CronJob as the API server knows it; a controller makes its jobs when their time has come. */
import type { FieldError } from '../../field-error.ts';
import { parseCronSchedule } from '../../schedule/cron-schedule.ts';
import { checkNotNegative, checkSupported, required } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { warnPod } from '../../validation/warn-pod.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { ageSince } from '../human-duration.ts';
import { ensureObject, type JsonObject, listAt, objectAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import { defaultJobSpec, validateJobSpec } from './job.ts';
import { selectorCell, templateCells, templateColumns } from './pod-template.ts';

const cronJobKind = { group: 'batch', version: 'v1', kind: 'CronJob' };

/** The longest name whose jobs' names, with the time behind it, are still names of labels. */
const nameLengthMax = 52;

/** The entry of cron jobs. */
export const cronJobResource: ResourceDefinition = defineResource({
  ...cronJobKind,
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  subresources: [statusSubresource(cronJobKind)],
  defaults: (object) => {
    const spec = ensureObject(object, 'spec');
    setDefault(spec, 'concurrencyPolicy', 'Allow');
    setDefault(spec, 'suspend', false);
    if (spec['successfulJobsHistoryLimit'] === undefined) spec['successfulJobsHistoryLimit'] = 3;
    if (spec['failedJobsHistoryLimit'] === undefined) spec['failedJobsHistoryLimit'] = 1;
    defaultJobSpec(ensureObject(ensureObject(spec, 'jobTemplate'), 'spec'));
    return object;
  },
  prepareForCreate: (object) => {
    object['status'] = {};
    return object;
  },
  warnings: (object) =>
    warnPod(objectAt(objectAt(objectAt(objectAt(object, 'spec'), 'jobTemplate'), 'spec'), 'template'), 'spec.jobTemplate.spec.template'),
  validate: validateCronJob,
  table: {
    columns: [
      column('Name'),
      column('Schedule'),
      column('Timezone'),
      column('Suspend', 'boolean'),
      column('Active', 'integer'),
      column('Last Schedule'),
      column('Age'),
      ...templateColumns,
      column('Selector(w)'),
    ],
    row: (object, nowMs) => {
      const spec = objectAt(object, 'spec');
      const status = objectAt(object, 'status');
      const job = objectAt(spec, 'jobTemplate') ?? {};
      return {
        cells: [
          objectName(object),
          textAt(spec, 'schedule'),
          textAt(spec, 'timeZone') || '<none>',
          spec?.['suspend'] === true ? 'True' : 'False',
          listAt(status, 'active').length,
          status?.['lastScheduleTime'] === undefined ? '<none>' : ageSince(status['lastScheduleTime'], nowMs),
          objectAge(object, nowMs),
          ...templateCells(objectAt(objectAt(job, 'spec'), 'template')),
          selectorCell(job),
        ],
      };
    },
  },
});

function validateCronJob(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const name = textAt(objectAt(object, 'metadata'), 'name');
  const errors =
    name.length > nameLengthMax ? [invalidValue('metadata.name', name, `must be no more than ${nameLengthMax} characters`)] : [];
  errors.push(...validateSchedule(spec));
  errors.push(...checkNotNegative('spec.startingDeadlineSeconds', spec['startingDeadlineSeconds']));
  errors.push(...checkSupported('spec.concurrencyPolicy', spec['concurrencyPolicy'], ['Allow', 'Forbid', 'Replace']));
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'])
    errors.push(...checkNotNegative(`spec.${field}`, spec[field]));
  return [...errors, ...validateJobSpec(objectAt(objectAt(spec, 'jobTemplate'), 'spec') ?? {}, 'spec.jobTemplate.spec')];
}

function validateSchedule(spec: JsonObject): FieldError[] {
  const schedule = textAt(spec, 'schedule');
  if (schedule === '') return [required('spec.schedule')];
  if (schedule.includes('TZ')) {
    const message = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    return [invalidValue('spec.schedule', schedule, message)];
  }
  const parsed = parseCronSchedule(schedule);
  if (typeof parsed === 'string') return [invalidValue('spec.schedule', schedule, parsed)];
  const zone = spec['timeZone'];
  if (zone === undefined || (typeof zone === 'string' && isTimeZone(zone))) return [];
  return [invalidValue('spec.timeZone', zone, `unknown time zone ${typeof zone === 'string' ? zone : ''}`)];
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
