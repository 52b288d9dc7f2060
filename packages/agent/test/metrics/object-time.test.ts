import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectTimeMs } from '../../src/metrics/object-time.ts';

describe('the time of the last change of an object', () => {
  it('is the newest of creation, writes and the request to delete it', () => {
    const [creationTimestamp, written] = ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'];
    const managedFields = [{ time: written }, {}];
    expect(objectTimeMs({ creationTimestamp, managedFields })).toBe(Date.parse(written));
    const deleted = { deletionTimestamp: '2026-01-01T00:02:30Z', deletionGracePeriodSeconds: 30 };
    expect(objectTimeMs({ creationTimestamp, managedFields, ...deleted })).toBe(Date.parse('2026-01-01T00:02:00Z'));
    expect(objectTimeMs({})).toBeUndefined();
  });

  it('is read of anything without a fault: of what no API server stores it is not known', () => {
    const field = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>(null, 7, [null], [7], [{ time: 7 }], {}));
    const names = ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields'] as const;
    const metadata = fc.record(Object.fromEntries(names.map((name) => [name, field])), { requiredKeys: [] });
    fc.assert(
      fc.property(metadata, (value) => {
        const time = objectTimeMs(value);
        expect(time === undefined || typeof time === 'number').toBe(true);
      }),
    );
  });
});
