/**
 * Whether a store grows when the objects in it change again and again: `npm run bench:store-updates -- [--updates N]`.
 *
 * Pods whose size changes with every write, as with a status; syncs of many writes at once, as under load. The size of
 * the file and the memory are told ten times; after the first of them neither should grow.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryUsage } from 'node:process';
import { parseArgs } from 'node:util';
import { ObjectStore } from '../src/storage/object-store.ts';
import { runningPodOf } from './crowded-pod.ts';

const { values: options } = parseArgs({
  options: { updates: { type: 'string', default: '1000000' }, pods: { type: 'string', default: '2000' } },
});
const updates = Number(options.updates);
const pods = Array.from({ length: Number(options.pods) }, (_, i) => runningPodOf(i));
const atOnce = 64;

const directory = mkdtempSync(join(tmpdir(), 'weir-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const store = new ObjectStore({ directory });

function update(i: number): Promise<unknown> {
  const pod = pods[(i * 7) % pods.length];
  const { name = '', namespace = '' } = pod?.metadata ?? {};
  const object = { ...pod, metadata: { ...pod?.metadata }, message: 'x'.repeat((i % 11) * 300) };
  return store.write((transaction) => transaction.put({ resource: 'pods', namespace, name }, object));
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const begunAt = cpuMs();
let told = 0;
for (let i = 0; i < updates; i += atOnce) {
  await Promise.all(Array.from({ length: Math.min(atOnce, updates - i) }, (_, each) => update(i + each)));
  if (i + atOnce < (updates / 10) * (told + 1)) continue;
  told++;
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const each = ((cpuMs() - begunAt) * 1_000) / (i + atOnce);
  const file = megabytes(statSync(join(directory, 'data.mdb')).size);
  console.log(
    `${Math.min(i + atOnce, updates)} updates: file ${file}, RSS ${megabytes(memoryUsage.rss())}; ${each.toFixed(0)} µs of processors each`,
  );
}
await store.close();
