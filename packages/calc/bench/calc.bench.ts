/**
 * Cost of the engine on one node of a large cluster, from the bytes of the API server to the delta.
 *
 *   npm run bench:calc                          every world, and a million pod events
 *   npm run bench:calc -- 20k mutual-unique     these worlds
 *   npm run bench:calc -- churn [EVENTS]        pod events only
 *
 * `world.ts` says what the worlds are made of. This process serves a world that it made beforehand; a
 * process of its own for each, with the packages as they are built, lists and follows it. Times depend on the
 * machine, counts do not.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorldResult } from './measured-process.ts';
import { type World, worlds } from './world.ts';
import { WorldServer } from './world-server.ts';

const measuredProcess = fileURLToPath(new URL('./measured-process.js', import.meta.url));
const churnWorld = '20k-unique';
const defaultChurn = 1_000_000;

async function run(world: World, churn: number = 0): Promise<WorldResult> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const socket = join(folder, 'api');
  const server = new WorldServer(world);
  try {
    await server.listen(socket);
    process.stdout.write(`\n${world.name}: ${describe(world)}; lists of ${megabytes(server.bytes)}\n`);
    const child = fork(measuredProcess, [world.name, socket, String(churn)], { execArgv: ['--expose-gc'] });
    return await new Promise<WorldResult>((resolve, reject) => {
      let result: WorldResult | undefined;
      child.on('message', (message: { result?: WorldResult; churn?: number }) => {
        if (message.churn !== undefined) server.churn(message.churn).catch(reject);
        result = message.result ?? result;
      });
      child.on('exit', (code, signal) => {
        if (result === undefined) reject(new Error(`the measured process ended with ${signal ?? code} and no result`));
        else resolve(result);
      });
    });
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function describe({ nodes, namespaces, pods, policies, replicas, isMutual, isUnique }: World): string {
  const labels = isUnique ? 'labels of its own for each pod' : `labels shared by ${replicas} pods of a deployment`;
  const kind = isMutual ? ' that all select each other' : '';
  return `${pods} pods on ${nodes} nodes in ${namespaces} namespaces, ${policies} policies${kind}; ${labels}`;
}

function print(world: World, result: WorldResult): void {
  const { sizes, work, firstStateMs, firstStateCpuMs, rss, rssBefore, peakRss, heap, heapBefore } = result;
  const each = Math.round((heap - heapBefore) / world.pods);
  console.log(`  first state ${firstStateMs.toFixed(0)} ms (${firstStateCpuMs.toFixed(0)} ms of processors)`);
  console.log(`  RSS ${megabytes(rss)} (peak ${megabytes(peakRss)}, at start ${megabytes(rssBefore)})`);
  console.log(`  heap ${megabytes(heap)} (at start ${megabytes(heapBefore)}): ${each} bytes a pod`);
  console.log(
    `  identities (label sets) ${sizes.labelSets}, classes ${sizes.classes}, peer sets ${sizes.peerSets}, programs ${sizes.programs}`,
  );
  console.log(
    `  local endpoints ${sizes.endpoints}; selectors evaluated ${work.selectorsEvaluated}, members touched ${work.addressesTouched}`,
  );
  console.log(
    `  programs built ${work.programsBuilt}, label sets classified ${work.labelSetsClassified}, policies compiled ${work.policiesCompiled}`,
  );
  for (const { what, median, p99, selectors, addresses, programs } of result.events) {
    const counts = `selectors ${selectors.toFixed(1)}, members ${addresses.toFixed(1)}, programs ${programs.toFixed(1)}`;
    console.log(`  ${what}: median ${median.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms; each: ${counts}`);
  }
  if (result.churn === undefined) return;
  const { events, ms, heapBefore: before, heapAfter: after } = result.churn;
  console.log(`  ${events} pod events in ${(ms / 1000).toFixed(1)} s: heap ${megabytes(before)} before, ${megabytes(after)} after`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const [first, second] = process.argv.slice(2);
const isChurnOnly = first === 'churn';
const chosen = isChurnOnly ? [] : worlds.filter(({ name }) => first === undefined || process.argv.includes(name));
for (const world of chosen) print(world, await run(world));
if (isChurnOnly || first === undefined) {
  const world = worlds.find(({ name }) => name === churnWorld);
  if (world !== undefined) print(world, await run(world, Number(second ?? defaultChurn)));
}
if (!isChurnOnly && chosen.length === 0) {
  console.error(`no such world; there are ${worlds.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
}
