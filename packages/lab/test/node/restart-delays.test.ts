import { describe, expect, it } from 'vitest';
import { RestartDelays, usualRestartDelays } from '../../src/node/restart-delays.ts';

const seconds = (delays: RestartDelays, runsMs: readonly number[]): readonly number[] => runsMs.map((run) => delays.after(run) / 1_000);

describe('the next start of a container that ended', () => {
  it('comes at once, then after 10 s, twice as long each time, up to 300 s', () => {
    const runs = Array.from({ length: 8 }, () => 1_000);
    expect(seconds(new RestartDelays(usualRestartDelays), runs)).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it('comes at once again after a run of more than ten minutes', () => {
    expect(seconds(new RestartDelays(usualRestartDelays), [0, 0, 0, 600_000, 600_001, 0])).toEqual([0, 10, 20, 40, 0, 10]);
  });
});
