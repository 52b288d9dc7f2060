/** `npm test`: set-up, then all tests. Arguments go to vitest. The last line is `N passed, N failed`. */
import { afterSetup } from './setup.mjs';
import { installTestTools } from './test-tools.mjs';
import { runTests } from './vitest.mjs';

await afterSetup(async () => {
  installTestTools();
  const { passed, failed, code } = await runTests(process.argv.slice(2));
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return code;
});
