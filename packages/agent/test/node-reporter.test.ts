/** When a node's report is written, on a clock of the test's own. */
import type { NodeReport } from '@weir/kube';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EnforcedPolicies } from '../src/status/enforced-policies.ts';
import { NodeReporter } from '../src/status/node-reporter.ts';

describe('the report of a node', () => {
  let changes: number;
  let version: string;
  let failures: number;
  let broken: boolean;
  let settled: boolean;
  let generation: number;
  let written: NodeReport[];
  let reporter: NodeReporter;

  beforeEach(() => {
    vi.useFakeTimers();
    [changes, version, failures, broken, settled, generation, written] = [0, '1', 0, false, true, 1, []];
    const policies = new EnforcedPolicies({
      engine: {
        get policyChanges() {
          return changes;
        },
        localPolicies: () => [{ policy: { apiVersion: 'v1', kind: 'P', name: 'p' }, uid: 'u', generation, endpoints: 1 }],
        refusedPolicies: () => [],
        partlyKnownPolicies: () => [],
      },
      quarantined: () => [],
      refusedHosts: () => [],
      policyVersions: () => new Map([['networkpolicies.networking.k8s.io', version]]),
    });
    reporter = new NodeReporter({
      policies,
      log: pino({ level: 'silent' }),
      heartbeatMs: 20_000,
      state: () => (failures === 0 ? { failuresInARow: 0 } : { failuresInARow: failures, lastError: 'no memory' }),
      isSettled: () => settled,
      write: (report) => {
        if (broken) return Promise.reject(new Error('no API server'));
        written.push(report);
        return Promise.resolve();
      },
    });
  });
  afterEach(async () => {
    await reporter.stop();
    vi.useRealTimers();
  });

  /** One transaction after which the kernel has another state. */
  const change = (): void => {
    changes++;
    reporter.underWay();
    reporter.inKernel();
  };
  const after = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

  it('is written at once when the first state is in the kernel, and not before', async () => {
    reporter.underWay();
    await after(60_000);
    expect(written).toEqual([]);
    reporter.inKernel();
    await after(0);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({
      state: 'enforcing',
      policyVersion: '1',
      versions: { 'networkpolicies.networking.k8s.io': '1' },
      selecting: { items: [{ uid: 'u', generation: 1, pods: 1 }] },
    });
  });

  it('is written at once after a rest, and in growing pauses while changes go on: ten seconds of them cost five writes', async () => {
    change();
    await after(30_000);
    written.length = 0;
    for (let i = 0; i < 1_000; i++) {
      change();
      await after(10);
    }
    expect(written.length).toBeLessThanOrEqual(5);
    await after(20_000);
    written.length = 0;
    change();
    await after(0);
    expect(written).toHaveLength(1);
  });

  it('is renewed with each heartbeat when nothing happens, with how far the policies have been read', async () => {
    change();
    await after(100);
    written.length = 0;
    version = '2';
    await after(200_000);
    expect(written.length).toBeGreaterThanOrEqual(9);
    expect(written.length).toBeLessThanOrEqual(11);
    expect(written.at(-1)?.policyVersion).toBe('2');
  });

  it('does not get ahead of the kernel: what is under way counts when it has come through', async () => {
    change();
    await after(5_000);
    version = '7';
    reporter.underWay();
    version = '8';
    await after(60_000);
    expect(written.at(-1)?.policyVersion).toBe('1');
    changes++;
    settled = false;
    reporter.inKernel();
    await after(0);
    expect(written.at(-1)?.policyVersion).toBe('7');
  });

  it('keeps since when a version is in force, until there is another', async () => {
    change();
    await after(5_000);
    const first = written.at(-1)?.selecting.items[0]?.since;
    change();
    await after(5_000);
    expect(written.at(-1)?.selecting.items[0]?.since).toBe(first);
    generation = 2;
    change();
    await after(5_000);
    expect(written.at(-1)?.selecting.items[0]?.since).not.toBe(first);
  });

  it('says that the kernel refuses changes, and that it takes them again', async () => {
    change();
    await after(5_000);
    reporter.underWay();
    failures = 1;
    reporter.underWay();
    await after(0);
    expect(written.at(-1)).toMatchObject({ state: 'failing', problem: 'no memory', policyVersion: '1' });
    failures = 0;
    reporter.inKernel();
    await after(5_000);
    expect(written.at(-1)?.state).toBe('enforcing');
  });

  it('is tried again when it could not be written, and is not missed meanwhile', async () => {
    broken = true;
    change();
    await after(3_000);
    broken = false;
    await after(20_000);
    expect(written.length).toBeGreaterThanOrEqual(1);
  });

  it('says at the end that nobody follows the cluster any more', async () => {
    change();
    await after(100);
    await reporter.stop();
    expect(written.at(-1)?.state).toBe('stopped');
    const count = written.length;
    change();
    await after(60_000);
    expect(written).toHaveLength(count);
  });
});
