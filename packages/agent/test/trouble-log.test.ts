/** A log that repeated trouble cannot flood. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { TroubleLog } from '../src/log/trouble-log.ts';

describe('the log of trouble', () => {
  it('says trouble at once, then once a minute with the number of times, and its end', () => {
    const lines: Record<string, unknown>[] = [];
    let nowMs = 0;
    const log = new TroubleLog(
      pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }),
      () => nowMs,
    );
    for (; nowMs < 150_000; nowMs += 100) log.trouble('pods', { error: 'refused' }, 'trouble');
    log.over('pods', {}, 'over');
    log.over('pods', {}, 'over');
    expect(lines.map(({ msg, times }) => [msg, times])).toEqual([
      ['trouble', 1],
      ['trouble', 600],
      ['trouble', 600],
      ['over', undefined],
    ]);
  });

  it('stays bounded when trouble comes and goes all the time, and keeps kinds apart', () => {
    const lines: string[] = [];
    let nowMs = 0;
    const log = new TroubleLog(pino({}, { write: (line: string) => void lines.push(line) }), () => nowMs);
    for (; nowMs < 600_000; nowMs += 50) {
      log.trouble('pods', {}, 'trouble');
      log.over('pods', {}, 'over');
    }
    expect(lines.length).toBeLessThanOrEqual(20);
    log.over('policies', {}, 'over');
    log.trouble('policies', {}, 'trouble');
    expect(lines.length).toBeLessThanOrEqual(21);
  });
});
