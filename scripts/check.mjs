/**
 * `npm run check`: format, lint, types, architecture, dead code. The last line is `N passed, N failed`.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { captureBeside } from './run.mjs';
import { root } from './setup.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

/** How many source modules dependency-cruiser must have visited: it answers 0 modules with success. */
const modulesMin = 150;

const sources = { name: 'types of the sources', command: [bin('tsc'), '-b'] };

/** The longest first. */
const checks = [
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--deny-warnings', '.'] },
  { name: 'types of the tests', command: [bin('tsc'), '-p', 'tsconfig.test.json'] },
  {
    name: 'architecture',
    command: [bin('depcruise'), '--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'packages'],
    accept: visitedModules,
  },
  { name: 'dead code', command: [bin('knip'), '--no-progress'] },
  { name: 'format', command: [bin('biome'), 'ci', '--linter-enabled=false', '.'] },
  { name: 'eBPF object', command: [process.execPath, join(root, 'scripts', 'build-bpf.mjs'), '--check'] },
];

function visitedModules(output) {
  const count = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
  return count >= modulesMin ? undefined : `only ${count} modules were visited; at least ${modulesMin} are expected`;
}

/**
 * Runs all checks, as many at once as there are cores (some keep one of them busy, others several); gives how many
 * passed and failed.
 */
export async function runChecks() {
  const waiting = [...checks];
  const results = [];
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) results.push(await runCheck(check));
  };
  // What others read: the types of the sources.
  results.push(await runCheck(sources));
  await Promise.all(Array.from({ length: Math.max(1, Math.min(4, availableParallelism())) }, work));
  const passed = results.filter((ok) => ok).length;
  return { passed, failed: results.length - passed };
}

/** Runs one, says how it went, and gives whether it passed. */
async function runCheck({ name, command: [program, ...args], accept }) {
  const start = Date.now();
  const result = await captureBeside(program, args, { cwd: root, env: { ...process.env, NO_COLOR: '1' } });
  const output = `${result.stdout}${result.stderr}`;
  const complaint = result.code === 0 ? accept?.(output) : output.trim();
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  process.stdout.write(`${complaint === undefined ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
  if (complaint !== undefined) process.stdout.write(`${complaint}\n`);
  return complaint === undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, failed } = await runChecks();
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
