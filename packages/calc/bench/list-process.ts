/**
 * The process in which a list of pods is read and kept, in one of two ways:
 *
 *   fields   decoded as it comes, with the fields that policies read (what the agent does)
 *   whole    pages that are parsed by `JSON.parse` and kept as they are
 *
 *   node --expose-gc list-process.js fields|whole SOCKET     (started by calc.bench.js)
 */
import { performance } from 'node:perf_hooks';
import { KubeClient, podsPath } from '@weir/client';
import { type KubeList, type Pod, podPolicyFields } from '@weir/kube';
import { peakRss as peakRssBytes } from './peak-rss.ts';

/** Bytes; milliseconds. */
export interface ListResult {
  readonly pods: number;
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakRss: number;
  readonly heap: number;
}

const [way = '', socket = ''] = process.argv.slice(2);
const client = new KubeClient({ server: `unix:${socket}` });

function page(token: string | undefined): Promise<KubeList<Pod>> {
  const query = { limit: 500, ...(token === undefined ? {} : { continue: token }) };
  if (way === 'fields') return client.list<Pod>(podsPath(), { ...query, fields: podPolicyFields });
  return client.request<KubeList<Pod>>('GET', '/api/v1/pods', { query });
}

process.on('disconnect', () => process.exit(1));
const start = performance.now();
const cpuBefore = process.cpuUsage();
const pods: Pod[] = [];
let token: string | undefined;
do {
  const { items, metadata } = await page(token);
  for (const item of items) pods.push(item);
  token = metadata.continue;
} while (token !== undefined);
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(cpuBefore);
const peakRss = peakRssBytes();
globalThis.gc?.();
const result: ListResult = { pods: pods.length, ms, cpuMs: (user + system) / 1000, peakRss, heap: process.memoryUsage().heapUsed };
await new Promise((resolve) => process.send?.({ result }, resolve));
client.close();
process.exit(0);
