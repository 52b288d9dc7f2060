/** What CI runs: set-up, all checks, all tests. The last line is `N passed, N failed` over both. */
import { runChecks } from './check.mjs';
import { afterSetup } from './setup.mjs';
import { runTests } from './vitest.mjs';

await afterSetup(async () => {
  const checks = runChecks();
  const tests = await runTests([]);
  const failed = checks.failed + tests.failed;
  process.stdout.write(`${checks.passed + tests.passed} passed, ${failed} failed\n`);
  return failed === 0 && tests.code === 0 ? 0 : 1;
});
