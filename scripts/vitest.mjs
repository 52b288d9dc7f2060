/** Runs vitest over the whole house and counts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';
import { root } from './setup.mjs';

/** Gives passed and failed tests and vitest's exit code; a test file that could not be run counts as one failure. */
export async function runTests(args) {
  const directory = mkdtempSync(join(tmpdir(), 'weir-test-'));
  const report = join(directory, 'report.json');
  try {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run(process.execPath, [vitest, 'run', ...reporters, ...args], { cwd: root });
    const result = JSON.parse(readFileSync(report, 'utf8'));
    const unloaded = result.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
    ).length;
    const failed = result.numFailedTests + unloaded;
    return { passed: result.numPassedTests, failed, code: code === 0 && failed > 0 ? 1 : code };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
