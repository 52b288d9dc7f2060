/** How long a change takes into the kernel, from its own timestamp and from its event. */
import type { KubeObject, ObjectMeta } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { renderExposition } from '../../src/metrics/exposition.ts';
import { objectTimeMs } from '../../src/metrics/object-time.ts';
import { SyncLatency } from '../../src/metrics/sync-latency.ts';
import { readExposition } from '../support/exposition.ts';

const startMs = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString();
const object = (metadata: ObjectMeta): KubeObject => ({ metadata });

class Setup {
  elapsedMs = 0;
  readonly latency = new SyncLatency({ monotonicMs: () => 500 + this.elapsedMs, wallMs: () => startMs + this.elapsedMs });

  get samples(): Map<string, number> {
    const families = readExposition(renderExposition(this.latency.metrics()));
    return new Map([...families.values()].flatMap(({ samples }) => [...samples]));
  }
}

describe('the time of an object', () => {
  it.each<[string, ObjectMeta, number | undefined]>([
    ['its creation', { creationTimestamp: at(1) }, 1],
    ['the last write of a field manager', { creationTimestamp: at(1), managedFields: [{ time: at(3) }, {}, { time: at(2) }] }, 3],
    [
      'the request to delete it, before the grace period',
      { creationTimestamp: at(1), deletionTimestamp: at(34), deletionGracePeriodSeconds: 30 },
      4,
    ],
    ['unknown when it carries none', { creationTimestamp: null }, undefined],
    ['unknown when it is no time', { creationTimestamp: 'yesterday' }, undefined],
  ])('is %s', (_, metadata, seconds) => {
    expect(objectTimeMs(metadata)).toBe(seconds === undefined ? undefined : startMs + seconds * 1_000);
  });
});

describe('sync latency', () => {
  it('is observed when the change is in the kernel, from both clocks', () => {
    const setup = new Setup();
    setup.elapsedMs = 2_000;
    setup.latency.heard(object({ creationTimestamp: at(1) }));
    setup.elapsedMs = 2_040;
    setup.latency.underWay();
    expect(setup.samples.get('weir_sync_latency_seconds_count')).toBe(0);
    setup.latency.inKernel(true);
    expect(setup.samples.get('weir_sync_latency_seconds_sum')).toBeCloseTo(1.04);
    expect(setup.samples.get('weir_event_latency_seconds_sum')).toBeCloseTo(0.04);
  });

  it('goes on while a transaction is tried again, and leaves out what needed none', () => {
    const setup = new Setup();
    setup.latency.heard(object({ creationTimestamp: at(0) }));
    setup.latency.underWay();
    setup.elapsedMs = 1_000;
    setup.latency.heard(object({}));
    setup.latency.underWay();
    setup.elapsedMs = 3_000;
    setup.latency.inKernel(true);
    setup.latency.heard(object({ creationTimestamp: at(2) }));
    setup.latency.underWay();
    setup.latency.inKernel(false);
    expect(setup.samples.get('weir_event_latency_seconds_count')).toBe(2);
    expect(setup.samples.get('weir_event_latency_seconds_sum')).toBeCloseTo(5);
    expect(setup.samples.get('weir_sync_latency_seconds_count')).toBe(1);
  });

  it('is 0 and counted when the clock of whoever wrote the object is ahead', () => {
    const setup = new Setup();
    setup.latency.heard(object({ creationTimestamp: at(90) }));
    setup.latency.underWay();
    setup.latency.inKernel(true);
    expect(setup.samples.get('weir_clock_skew_total')).toBe(1);
    expect(setup.samples.get('weir_sync_latency_seconds_sum')).toBe(0);
  });

  it('remembers a bounded number of changes, and counts the others', () => {
    const setup = new Setup();
    for (let i = 0; i < 10_005; i++) setup.latency.heard(object({}));
    expect(setup.samples.get('weir_latency_unmeasured_total')).toBe(5);
    setup.latency.underWay();
    setup.latency.inKernel(true);
    setup.latency.heard(object({}));
    expect(setup.samples.get('weir_latency_unmeasured_total')).toBe(5);
  });
});
