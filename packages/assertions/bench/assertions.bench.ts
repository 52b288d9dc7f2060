/**
 * What assertions cost: ten of "only these may" about 10 000 pods and 10 000 policies as the benchmark of analysis has them,
 * then which rules they exercise, and which changes to policies they notice.
 *
 *   npm run bench:assertions                shared labels
 *   npm run bench:assertions -- unique      labels of its own for each pod
 */
import { performance } from 'node:perf_hooks';
import type { KubeObject, Pod } from '@weir/kube';
import { loadSnapshot } from '@weir/snapshot';
import { clusterOf, policyOf, type World, worlds } from '../../connectivity/bench/world.ts';
import { type AssertionResult, coverRules, mutatePolicies, readAssertions, runAssertions } from '../src/index.ts';

const assertions = 10;
/** As `weir test --mutate` has them. */
const limits = { mutants: 2_000, judgements: 5_000_000 };

function taken<T>(what: string, run: () => T): T {
  const before = process.cpuUsage();
  const start = performance.now();
  const value = run();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  console.log(`  ${what.padEnd(26)} ${ms.toFixed(0).padStart(6)} ms ${((user + system) / 1000).toFixed(0).padStart(6)} ms of processors`);
  return value;
}

function nameAt(pods: readonly KubeObject[], at: number): string {
  return `${pods[at]?.metadata.namespace ?? ''}/${pods[at]?.metadata.name ?? ''}`;
}

function textOf(pods: readonly KubeObject[]): string {
  const step = Math.floor(pods.length / assertions);
  const claims = Array.from({ length: assertions }, (_, index) => ({
    name: `only ${index}`,
    to: nameAt(pods, index * step),
    onlyFrom: [nameAt(pods, index * step + 1)],
  }));
  return JSON.stringify({ tests: claims });
}

/** What was found, as assertions that hold: who else is let in, one by one. */
function holdingTextOf(results: readonly AssertionResult[]): string {
  const found = results.flatMap(({ failures }) =>
    failures
      .filter(({ got, traffic, source }) => got === 'allow' && /^TCP \d+/.test(traffic) && /^[\w-]+\/[\w-]+$/.test(source))
      .slice(0, 20),
  );
  const tests = found.map(({ source, destination, traffic }) => ({
    from: source,
    to: destination,
    port: Number(/\d+/.exec(traffic)?.[0]),
    expect: 'allow',
  }));
  return JSON.stringify({ tests });
}

function measure(world: World): void {
  const cluster = clusterOf(world);
  const pods = cluster.filter((object): object is Pod => object.kind === 'Pod');
  const policies = Array.from({ length: world.policies }, (_, index) => policyOf(world, index));
  console.log(`${world.name}: ${pods.length} pods, ${policies.length} policies, ${assertions} assertions`);
  const snapshot = taken('snapshot', () => loadSnapshot([...cluster, ...policies]));
  const [file] = readAssertions(textOf(pods), 'bench.weir-test.yaml').files;
  if (file === undefined) throw new Error('the assertions cannot be read');
  const results = taken('only these may', () => runAssertions(snapshot, file));
  console.log(`  ${results.map(({ outcome, asked, failures }) => `${outcome} ${asked} ${failures.length}`).join(', ')}`);
  const covered = taken('coverage', () => coverRules(snapshot, results));
  console.log(`  ${covered.filter(({ tests }) => tests.length > 0).length} of ${covered.length} rules exercised`);
  // Assertions that hold, so that changes can be noticed.
  const holding = readAssertions(holdingTextOf(results), 'bench.weir-test.yaml').files[0];
  if (holding === undefined) throw new Error('the assertions cannot be read');
  const each = taken('asked for each port', () => runAssertions(snapshot, holding, { eachPort: true }));
  console.log(`  ${each.filter(({ outcome }) => outcome === 'passed').length} of ${each.length} hold`);
  const mutants = taken('mutants', () => mutatePolicies(snapshot, each, limits));
  const byResult = new Map<string, number>();
  for (const { outcome } of mutants) byResult.set(outcome, (byResult.get(outcome) ?? 0) + 1);
  console.log(`  ${[...byResult].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`);
  console.log(`  peak RSS ${(process.resourceUsage().maxRSS / 1000).toFixed(0)} MB`);
}

const [name = 'shared'] = process.argv.slice(2);
const world = worlds.find((one) => one.name === name);
if (world === undefined) throw new Error(`there is no world ${name}: ${worlds.map((one) => one.name).join(', ')}`);
measure(world);
