/**
 * What CI runs: set-up and all checks, then `npm test` as a user runs it. The last line is
 * `N passed, N failed` over both.
 */
import { spawn } from 'node:child_process';
import { runChecks } from './check.mjs';
import { afterSetup, root } from './setup.mjs';

await afterSetup(async () => {
  const checks = await runChecks();
  const tests = await runNpmTest();
  const failed = checks.failed + tests.failed;
  process.stdout.write(`${checks.passed + tests.passed} passed, ${failed} failed\n`);
  return failed === 0 && tests.code === 0 ? 0 : 1;
});

/** Shows the output of `npm test` and reads its closing line; a run without one counts as one failure. */
function runNpmTest() {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['test'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let tail = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      process.stdout.write(chunk);
      tail = `${tail}${chunk}`.slice(-4096);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const counts = [...tail.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
      const [passed, failed] = counts === undefined ? [0, 1] : [Number(counts[1]), Number(counts[2])];
      resolve({ passed, failed, code: code ?? 1 });
    });
  });
}
