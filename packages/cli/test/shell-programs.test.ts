/** The programs of `weir shell`, which several shells fill their directory with at the same time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { bundleProgram } from '@weir/testkit';
import { afterAll, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'weirt-programs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** In one half of the shells a program is missing for which `weir` stands in; in the others, it is there. */
const standIns = ['weirt-missing'];

it('are whole at any time, whoever writes them anew, and none of the files that they were written to is left', async () => {
  const program = await bundleProgram(join(import.meta.dirname, 'support', 'fill-programs.ts'), directory);
  const programs = join(directory, 'bin');
  const start = (names: readonly string[]): Promise<unknown[]> =>
    once(spawn(process.execPath, [program, programs, ...names], { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit');
  expect(await start(standIns)).toEqual([0, null]);
  const whole = readFileSync(join(programs, 'weir'), 'utf8');
  expect(whole).toMatch(/^#!\/bin\/sh\nexec .+ "\$@"\n$/);

  const shells = [standIns, [], standIns, []].map(start);
  const running = new Set(shells);
  for (const shell of shells) void shell.finally(() => running.delete(shell));
  let reads = 0;
  for (; running.size > 0; reads++) {
    expect(readFileSync(join(programs, 'weir'), 'utf8')).toBe(whole);
    await turn();
  }
  expect(await Promise.all(shells)).toEqual(shells.map(() => [0, null]));
  expect(reads).toBeGreaterThan(0);
  expect(await start([])).toEqual([0, null]);
  expect(readdirSync(programs)).toEqual(['weir']);
  expect(statSync(join(programs, 'weir')).mode & 0o777).toBe(0o755);
}, 300_000);
