import { describe, expect, it } from 'vitest';
import { TransactionPace, transactionStepMs, transactionsAhead } from '../src/enforcement/transaction-pace.ts';

/** When transactions begin that are wanted at these times, one after another. */
function beginnings(wanted: Iterable<number>): number[] {
  const pace = new TransactionPace();
  let nowMs = 0;
  const begun: number[] = [];
  for (const atMs of wanted) {
    nowMs = Math.max(nowMs, atMs);
    nowMs += pace.waitMs(nowMs);
    pace.begin(nowMs);
    begun.push(nowMs);
  }
  return begun;
}

function* every(stepMs: number, untilMs: number): Iterable<number> {
  for (let atMs = 0; atMs < untilMs; atMs += stepMs) yield atMs;
}

describe('the pace of transactions', () => {
  it('makes no transaction wait that comes after a quiet time, nor the first ones behind it', () => {
    const first = Array.from({ length: transactionsAhead }, () => 5_000);
    expect(beginnings([0, 100, 101, ...first])).toEqual([0, 100, 101, ...first]);
  });

  it('bounds how many begin in any stretch of time', () => {
    const begun = beginnings(every(0.25, 3_000));
    for (const [i, from] of begun.entries()) {
      for (const lengthMs of [1, 50, 1_000]) {
        const inside = begun.slice(i).filter((atMs) => atMs < from + lengthMs).length;
        expect(inside).toBeLessThanOrEqual(transactionsAhead + lengthMs / transactionStepMs);
      }
      if (i > 400) break;
    }
  });

  it('lets a stream through that is slow enough, without a pause', () => {
    const wanted = [...every(transactionStepMs, 2_000)];
    expect(beginnings(wanted)).toEqual(wanted);
  });

  it('never makes one wait longer than a step', () => {
    const pace = new TransactionPace();
    for (let nowMs = 0; nowMs < 500; nowMs += 0.1) {
      const waitMs = pace.waitMs(nowMs);
      expect(waitMs).toBeLessThanOrEqual(transactionStepMs);
      if (waitMs === 0) pace.begin(nowMs);
    }
  });
});
