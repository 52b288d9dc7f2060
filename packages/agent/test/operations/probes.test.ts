/** When an agent is alive and ready, and what it says when it is not. */
import { describe, expect, it } from 'vitest';
import { liveness, type ProbedState, readiness } from '../../src/operations/probes.ts';

const good: ProbedState = {
  fault: undefined,
  synced: true,
  inForce: true,
  failuresInARow: 0,
  lastError: undefined,
  waitingMs: 0,
  hold: undefined,
};

describe('probes', () => {
  it('are good when the last change is in force', () => {
    expect(liveness(good)).toEqual({ ok: true, reasons: [] });
    expect(readiness({ ...good, waitingMs: 30_000 })).toEqual({ ok: true, reasons: [] });
  });

  it.each<[string, Partial<ProbedState>, boolean, RegExp]>([
    ['nothing was read yet', { synced: false, inForce: false }, true, /not all been read/],
    ['nothing is in the kernel yet', { inForce: false }, true, /no whole state is in the kernel/],
    [
      'the last change failed',
      { failuresInARow: 3, lastError: 'ENOMEM', waitingMs: 90_000 },
      true,
      /could not be applied \(3 times\): ENOMEM/,
    ],
    ['it does not read the cluster yet', { hold: 'memory was short' }, true, /memory was short/],
    ['there was a fault', { fault: 'a broken engine' }, false, /a fault of ours: a broken engine/],
    ['a change waits for ever although nothing failed', { waitingMs: 61_000 }, false, /waiting for 61 s/],
  ])('say why: %s', (_, change, alive, reason) => {
    const state = { ...good, ...change };
    expect(liveness(state).ok).toBe(alive);
    expect(readiness(state).ok).toBe(false);
    expect(readiness(state).reasons.join('\n')).toMatch(reason);
  });
});
