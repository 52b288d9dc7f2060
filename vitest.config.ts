/**
 * Two test projects: `unit` needs nothing but Node and runs in parallel; `kernel` (`*.netns.test.ts`)
 * needs root and makes network namespaces of its own. Both run on the sources (condition `source`).
 */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { FileOrder } from './test/support/file-order.ts';

/** Polls wait for a condition; how long that takes is the machine's affair. */
const expectation = { poll: { timeout: 30_000 } };

/**
 * Most unit tests call what they call a few times: V8 of Node 20 spent a fifth of their processor time on fast code for that.
 * It begins later here. Later versions of V8 do not know the flag.
 */
const execArgv = process.versions.v8.startsWith('11.') ? ['--interrupt-budget=500000'] : [];

const shared = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
};

export default defineConfig({
  ...shared,
  test: {
    // More workers than cores: tests with clusters and packets wait more than half of their time, and do not depend on each other.
    maxWorkers: availableParallelism() * 2,
    sequence: { sequencer: FileOrder },
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          execArgv,
          // Files share a worker's modules: loading the house for each of them took longer than most of the tests.
          isolate: false,
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/*.netns.test.ts', '**/node_modules/**'],
          expect: expectation,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'kernel',
          include: ['packages/*/test/**/*.netns.test.ts', 'test/**/*.netns.test.ts'],
          expect: expectation,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          pool: 'forks',
          // As above; a section inside another namespace always brings its thread home.
          isolate: false,
        },
      },
    ],
  },
});
