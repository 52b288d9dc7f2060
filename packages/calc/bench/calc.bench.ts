/**
 * Cost of the engine on one node of a large cluster, from the bytes of the API server to the delta.
 *
 *   npm run bench:calc                          all of it
 *   npm run bench:calc -- 20k mutual-unique     these worlds
 *   npm run bench:calc -- churn [EVENTS]        pod events only
 *   npm run bench:calc -- lists                 two ways to read a list of pods
 *   npm run bench:calc -- groups                changes of a service with 10 000 endpoints
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
import { measureGroupChanges } from './group-changes.ts';
import type { ListResult } from './list-process.ts';
import type { WorldResult } from './measured-process.ts';
import { type World, worlds } from './world.ts';
import { WorldServer } from './world-server.ts';

const churnWorld = '20k-unique';
const defaultChurn = 1_000_000;
const listWorlds = ['20k', '200k'];
/** The same kind of world in three sizes. */
const growing = ['20k', '60k', '200k'];

/** Serves the world to a process that runs the script, and gives what that says of it. */
async function measured<T>(world: World, script: string, args: (socket: string) => readonly string[]): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const socket = join(folder, 'api');
  const server = new WorldServer(world);
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  try {
    await server.listen(socket);
    process.stdout.write(`\n${world.name}: ${describe(world)}; lists of ${megabytes(server.bytes)}\n`);
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), args(socket), { execArgv: ['--expose-gc'] });
    process.once('exit', () => child.kill());
    return await new Promise<T>((resolve, reject) => {
      let result: T | undefined;
      child.on('message', (message: { result?: T; churn?: number }) => {
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
    process.off('exit', removeFolder);
    removeFolder();
  }
}

// An interrupted run leaves neither its folder nor the measured process behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function run(world: World, churn: number = 0): Promise<WorldResult> {
  return measured<WorldResult>(world, './measured-process.js', (socket) => [world.name, socket, String(churn)]);
}

async function compareLists(world: World): Promise<void> {
  for (const way of ['fields', 'whole']) {
    const { pods, ms, cpuMs, peakRss, heap } = await measured<ListResult>(world, './list-process.js', (socket) => [way, socket]);
    const times = `${ms.toFixed(0)} ms (${cpuMs.toFixed(0)} ms of processors)`;
    const kept = way === 'fields' ? 'fields that policies read' : 'whole pods, by JSON.parse';
    console.log(`  ${pods} pods listed, ${kept}: ${times}; peak RSS ${megabytes(peakRss)}, heap ${megabytes(heap)}`);
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
const all = first === undefined;
const chosen = worlds.filter(({ name }) => all || process.argv.includes(name));
const grown: string[] = [];
for (const world of chosen) {
  const result = await run(world);
  print(world, result);
  if (growing.includes(world.name)) grown.push(`${world.pods} pods ${megabytes(result.heap - result.heapBefore)}`);
}
if (grown.length > 1) console.log(`\nheap by size of the world: ${grown.join(', ')}`);
if (all || first === 'lists') for (const world of worlds) if (listWorlds.includes(world.name)) await compareLists(world);
if (all || first === 'churn') {
  const world = worlds.find(({ name }) => name === churnWorld);
  if (world !== undefined) print(world, await run(world, Number(second ?? defaultChurn)));
}
if (all || first === 'groups') {
  console.log('\na service with 10000 endpoints, of which a pod here may reach all');
  for (const { what, median, max, addresses } of measureGroupChanges(10_000, 50)) {
    console.log(`  ${what}: median ${median.toFixed(1)} ms, longest ${max.toFixed(1)} ms; ${addresses} addresses in the delta`);
  }
}
if (chosen.length === 0 && !['lists', 'churn', 'groups'].includes(first ?? '')) {
  console.error(`no such world; there are ${worlds.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
}
