/**
 * Events in both of their API versions, core/v1 and events.k8s.io/v1: one stored object (core/v1),
 * two views.
 */
import { defined } from '@weir/net';
import type { FieldError } from '../../field-error.ts';
import { checkSupported, required } from '../../validation/field-rules.ts';
import { builtInSchemas, column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { ageSince } from '../human-duration.ts';
import { type JsonObject, numberAt, objectAt, textAt } from '../json-object.ts';
import type { ResourceDefinition, TableDefinition } from '../resource-definition.ts';

/** events.k8s.io/v1 name of a field and its core/v1 name. */
const renamedFields = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const;

const eventTable: TableDefinition = {
  columns: [
    column('Last Seen'),
    column('Type'),
    column('Reason'),
    column('Object'),
    column('Subobject(w)'),
    column('Source(w)'),
    column('Message'),
    column('First Seen(w)'),
    column('Count(w)'),
    { ...column('Name(w)'), format: 'name' },
  ],
  row: (event, nowMs) => {
    const core = event['regarding'] === undefined ? event : rename(event, 'toCore');
    const involved = objectAt(core, 'involvedObject');
    return {
      cells: [
        lastSeen(core, nowMs),
        textAt(core, 'type'),
        textAt(core, 'reason'),
        `${textAt(involved, 'kind').toLowerCase()}/${textAt(involved, 'name')}`,
        textAt(involved, 'fieldPath'),
        sourceText(core),
        textAt(core, 'message').trim(),
        core['firstTimestamp'] === undefined
          ? ageSince(core['eventTime'] ?? objectAge(core, nowMs), nowMs)
          : ageSince(core['firstTimestamp'], nowMs),
        numberAt(objectAt(core, 'series'), 'count') ?? numberAt(core, 'count') ?? 1,
        objectName(core),
      ],
    };
  },
};

const involvedFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** The entry of core/v1 events. */
export const eventResource: ResourceDefinition = defineResource({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  createOnUpdate: true,
  table: eventTable,
  fieldLabels: {
    ...Object.fromEntries(
      involvedFields.map((field) => [`involvedObject.${field}`, (event: JsonObject) => textAt(objectAt(event, 'involvedObject'), field)]),
    ),
    reason: (event) => textAt(event, 'reason'),
    reportingComponent: (event) => textAt(event, 'reportingComponent'),
    source: (event) => textAt(objectAt(event, 'source'), 'component') || textAt(event, 'reportingComponent'),
    type: (event) => textAt(event, 'type'),
  },
});

/** The entry of events.k8s.io/v1 events. */
export const eventsEventResource: ResourceDefinition = defineResource({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  createOnUpdate: true,
  table: eventTable,
  schema: defined(builtInSchemas.get('EventsEvent'), 'EventsEvent is a built-in type'),
  storageKey: 'events',
  validate: validateEvent,
  // What is compared has been judged when it was made; old events have less.
  validateUpdate: () => [],
  conversion: { toStored: (event) => rename(event, 'toCore'), fromStored: (event) => rename(event, 'fromCore') },
  fieldLabels: {
    ...Object.fromEntries(
      involvedFields.map((field) => [`regarding.${field}`, (event: JsonObject) => textAt(objectAt(event, 'regarding'), field)]),
    ),
    reason: (event) => textAt(event, 'reason'),
    reportingController: (event) => textAt(event, 'reportingController'),
    type: (event) => textAt(event, 'type'),
  },
});

/** The longest names of who tells and why, and the longest note, in bytes; as the API's description has them. */
const nameBytes = 128;
const noteBytes = 1_024;

/** Errors of a new event of events.k8s.io/v1, which wants more than core/v1. */
function validateEvent(event: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (textAt(event, 'eventTime') === '') errors.push(required('eventTime'));
  for (const field of ['reportingController', 'reportingInstance', 'action', 'reason'] as const) {
    const text = textAt(event, field);
    if (text === '') errors.push(required(field));
    else if (text.length > nameBytes) errors.push(tooLong(field, nameBytes));
  }
  if (textAt(event, 'note').length > noteBytes) errors.push(tooLong('note', noteBytes));
  return [...errors, ...checkSupported('type', textAt(event, 'type'), ['Normal', 'Warning'])];
}

function tooLong(field: string, limit: number): FieldError {
  return { reason: 'FieldValueTooLong', field, message: `may not be more than ${limit} bytes` };
}

function rename(event: JsonObject, direction: 'toCore' | 'fromCore'): JsonObject {
  const result = { ...event, apiVersion: direction === 'toCore' ? 'v1' : 'events.k8s.io/v1' } as JsonObject;
  for (const [there, here] of renamedFields) {
    const [from, to] = direction === 'toCore' ? [there, here] : [here, there];
    if (result[from] === undefined) continue;
    result[to] = result[from];
    delete result[from];
  }
  return result;
}

function lastSeen(event: JsonObject, nowMs: number): string {
  const series = textAt(objectAt(event, 'series'), 'lastObservedTime');
  return ageSince(series || textAt(event, 'lastTimestamp') || textAt(event, 'eventTime') || textAt(event, 'firstTimestamp'), nowMs);
}

function sourceText(event: JsonObject): string {
  const source = objectAt(event, 'source');
  const component = textAt(source, 'component') || textAt(event, 'reportingComponent');
  const host = textAt(source, 'host') || textAt(event, 'reportingInstance');
  return host === '' ? component : `${component}, ${host}`;
}
