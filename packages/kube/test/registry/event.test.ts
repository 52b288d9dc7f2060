import { expect, it } from 'vitest';
import { builtInResources, type JsonObject } from '../../src/index.ts';

const definition = builtInResources.find(({ group, kind }) => group === 'events.k8s.io' && kind === 'Event');
const event: JsonObject = {
  eventTime: '2024-01-01T00:00:00.000000Z',
  reportingController: 'example.com/test',
  reportingInstance: 'test-0',
  action: 'Testing',
  reason: 'Tested',
  type: 'Normal',
  note: 'all is well',
  series: { count: 2, lastObservedTime: '2024-01-01T00:00:01.000000Z' },
  regarding: { kind: 'Pod', name: 'p' },
};

function errorsOf(parts: JsonObject): unknown {
  return definition?.validate({ ...event, ...parts }).map(({ field, reason }) => [field, reason]);
}

it('an event of events.k8s.io is stored as one of the core, its series with it, and read as it was', () => {
  const stored = definition?.conversion?.toStored(structuredClone(event));
  expect(stored).toMatchObject({
    apiVersion: 'v1',
    message: 'all is well',
    reportingComponent: 'example.com/test',
    series: event['series'],
  });
  expect(stored).toMatchObject({ involvedObject: event['regarding'] });
  expect(definition?.conversion?.fromStored(stored ?? {})).toEqual({ ...event, apiVersion: 'events.k8s.io/v1' });
});

it.each<[JsonObject, unknown]>([
  [{}, []],
  [{ eventTime: '' }, [['eventTime', 'FieldValueRequired']]],
  [{ reportingController: '' }, [['reportingController', 'FieldValueRequired']]],
  [{ reportingInstance: 'x'.repeat(129) }, [['reportingInstance', 'FieldValueTooLong']]],
  [
    { action: '', reason: '' },
    [
      ['action', 'FieldValueRequired'],
      ['reason', 'FieldValueRequired'],
    ],
  ],
  [{ note: 'x'.repeat(1_025) }, [['note', 'FieldValueTooLong']]],
  [{ type: 'Bad' }, [['type', 'FieldValueNotSupported']]],
])('a new event with %j has the errors that it should have', (parts, errors) => {
  expect(errorsOf(parts)).toEqual(errors);
});
