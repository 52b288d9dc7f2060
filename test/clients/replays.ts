/** Recordings as tests: one for each step. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiConnection } from '../support/exec/api-connection.ts';
import { parseRecording } from './recording.ts';
import { Replay } from './replay.ts';

/** The recordings of a directory. */
export function recordingsIn(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.endsWith('.http'));
}

/** Declares a test for each step of a recording; the connection is there when they run. */
export function replays(file: string, connection: () => ApiConnection): void {
  const steps = parseRecording(readFileSync(file, 'utf8'));
  let replay: Replay;
  // What a step needs of an earlier one is missing when that one failed: the first failure is the one to read.
  let failed: string | undefined;
  beforeAll(() => {
    replay = new Replay(connection());
  });
  afterAll(() => replay?.close());

  it.each(steps.map((step) => [step.title, step] as const))('%s', async (title, step) => {
    expect(failed).toBeUndefined();
    failed = title;
    await replay.run(step);
    failed = undefined;
  });
}
