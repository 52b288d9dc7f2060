import { describe, expect, it } from 'vitest';
import { type Cell, differs } from '../src/actions/matrix-probe.ts';
import { isDoubtful } from '../src/actions/probe-trials.ts';

const cell = (computed: Cell['computed'], probed: Cell['probed']): Cell => ({
  source: 'a/a',
  destination: 'b/b',
  port: '80/TCP',
  family: 4,
  computed,
  ...(probed === undefined ? {} : { probed }),
});
const quick = { slowestMs: 20, timeoutMs: 1_000 };
const slow = { slowestMs: 900, timeoutMs: 1_000 };

describe('a flow of the matrix that was tried', () => {
  it('is tried again when no answer came where one was computed', () => {
    expect(isDoubtful('allow', 'timeout', quick)).toBe(true);
    expect(isDoubtful('allow', 'error', quick)).toBe(true);
  });

  it('counts as denied by silence only where answers come much sooner than the time limit', () => {
    expect(isDoubtful('deny', 'timeout', quick)).toBe(false);
    expect(isDoubtful('deny', 'timeout', slow)).toBe(true);
  });

  it('is never tried again when an answer came: one packet through a denied flow is one too many', () => {
    for (const answer of ['connected', 'refused'] as const) {
      expect(isDoubtful('deny', answer, slow)).toBe(false);
      expect(differs(cell('deny', answer))).toBe(true);
    }
  });

  it('differs when an allowed one is silent, and not when the other end refuses', () => {
    expect([cell('allow', 'timeout'), cell('allow', 'error'), cell('deny', 'error')].map(differs)).toEqual([true, true, true]);
    expect([cell('allow', 'refused'), cell('allow', 'connected'), cell('deny', 'timeout')].map(differs)).toEqual([false, false, false]);
    expect([cell('unknown', 'connected'), cell('deny', undefined)].map(differs)).toEqual([false, false]);
  });
});
