/**
 * `npm run check`: format, lint, types, architecture, dead code. The last line is `N passed, N failed`.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { capture } from './run.mjs';
import { root } from './setup.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

/** How many source modules dependency-cruiser must have visited: it answers 0 modules with success. */
const modulesMin = 150;

const checks = [
  { name: 'format', command: [bin('biome'), 'ci', '--linter-enabled=false', '.'] },
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--deny-warnings', '.'] },
  { name: 'types of the sources', command: [bin('tsc'), '-b'] },
  { name: 'types of the tests', command: [bin('tsc'), '-p', 'tsconfig.test.json'] },
  {
    name: 'architecture',
    command: [bin('depcruise'), '--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'packages'],
    accept: visitedModules,
  },
  { name: 'dead code', command: [bin('knip'), '--no-progress'] },
  { name: 'eBPF object', command: [process.execPath, join(root, 'scripts', 'build-bpf.mjs'), '--check'] },
];

function visitedModules(output) {
  const count = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
  return count >= modulesMin ? undefined : `only ${count} modules were visited; at least ${modulesMin} are expected`;
}

/** Runs all checks; gives how many passed and failed. */
export function runChecks() {
  let passed = 0;
  for (const check of checks) {
    const start = Date.now();
    const result = capture(check.command[0], check.command.slice(1), { cwd: root, env: { ...process.env, NO_COLOR: '1' } });
    const output = `${result.stdout}${result.stderr}`;
    const complaint = result.code === 0 ? check.accept?.(output) : output.trim();
    process.stdout.write(
      `${complaint === undefined ? 'ok    ' : 'FAILED'} ${check.name} (${((Date.now() - start) / 1000).toFixed(1)} s)\n`,
    );
    if (complaint === undefined) passed++;
    else process.stdout.write(`${complaint}\n`);
  }
  return { passed, failed: checks.length - passed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, failed } = runChecks();
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
