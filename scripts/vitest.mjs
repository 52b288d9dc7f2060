/** Runs vitest over the whole house and counts; what an interrupted run leaves is swept away. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';
import { root } from './setup.mjs';
import { prepareSweep } from './sweep.mjs';

/**
 * kubectl and helm live for a moment: collecting what they have used takes a fifth of their time. The limit is that of
 * a program that runs on, where they collect again.
 */
const withoutCollection = { GOGC: 'off', GOMEMLIMIT: '256MiB' };

/** Gives passed and failed tests and vitest's exit code; a test file that could not be run counts as one failure. */
export async function runTests(args) {
  const directory = mkdtempSync(join(tmpdir(), 'weir-test-'));
  // A test runs an agent as another user, who has to get through to the files that are given to it.
  chmodSync(directory, 0o711);
  const sweep = prepareSweep(directory, join(root, 'packages', 'cli', 'bin', 'weir.js'));
  const report = join(directory, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    // All files of the tests lie below one directory, so that they can be found again.
    const code = await run(process.execPath, [vitest, 'run', ...reporters, ...args], {
      cwd: root,
      env: { ...withoutCollection, ...process.env, TMPDIR: directory },
    });
    if (!existsSync(report)) {
      process.stderr.write('the test run was interrupted; removing what it left\n');
      sweep();
      return { passed: 0, failed: 1, code: code === 0 ? 1 : code };
    }
    return countOf(JSON.parse(readFileSync(report, 'utf8')), code);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function countOf(result, code) {
  const unloaded = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const failed = result.numFailedTests + unloaded;
  return { passed: result.numPassedTests, failed, code: code === 0 && failed > 0 ? 1 : code };
}
