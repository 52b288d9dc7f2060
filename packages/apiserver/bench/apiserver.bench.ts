/**
 * What the API server can do: `npm run bench:apiserver -- [options]`.
 *
 * A server process with pods in it, clients in this one: TLS with client certificates, roles that allow
 * what they do, admission and validation as always. Four figures: creates per second, the time of a list of
 * all pods, the time from a request until the watchers see its event, and the memory of the server. Beside
 * the time that passed stands the server's processor time, which says more on a busy machine.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TestCa } from '../test/support/certificates.ts';
import { namespaceOf, podOf } from './crowded-pod.ts';
import { type ClientTls, Http1Client, LoadClient, type RequestClient } from './load-client.ts';
import type { ServerUsage } from './server-process.ts';

const { values: options } = parseArgs({
  options: {
    /** Pods when everything is measured but the creates, which make the last of them. */
    pods: { type: 'string', default: '20000' },
    creates: { type: 'string', default: '5000' },
    /** Make the creates over HTTP/1.1, each lane on a connection of its own. */
    http1: { type: 'boolean', default: false },
    /** Creates under way at once. */
    concurrency: { type: 'string', default: '64' },
    watchers: { type: 'string', default: '200' },
    /** Changes that the watchers are to see. */
    changes: { type: 'string', default: '200' },
    lists: { type: 'string', default: '5' },
    /** Write a CPU profile of the server into this directory. */
    profile: { type: 'string' },
  },
});
const sizes = { pods: Number(options.pods), creates: Number(options.creates), changes: Number(options.changes) };

class MeasuredServer {
  readonly #child: ChildProcess;
  #url = '';

  private constructor(directory: string) {
    const profile = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
    // As the lab starts its control plane.
    const flags = ['--max-semi-space-size=8', ...profile];
    const script = fileURLToPath(new URL('./server-process.js', import.meta.url));
    this.#child = fork(script, [directory, String(sizes.pods - sizes.creates)], { execArgv: flags });
  }

  static async start(directory: string): Promise<MeasuredServer> {
    const server = new MeasuredServer(directory);
    server.#url = (await server.#next()).url;
    return server;
  }

  get url(): string {
    return this.#url;
  }

  usage(): Promise<ServerUsage> {
    const answer = this.#next();
    this.#child.send('usage');
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await exited;
  }

  #next(): Promise<ServerUsage> {
    return new Promise((resolve, reject) => {
      const exited = (code: number | null): void => reject(new Error(`the server ended with ${String(code)}`));
      this.#child.once('exit', exited);
      this.#child.once('message', (usage) => {
        this.#child.off('exit', exited);
        resolve(usage as ServerUsage);
      });
    });
  }
}

/** Time that passed and processor time of the server, in milliseconds. */
async function timed(server: MeasuredServer, action: () => Promise<void>): Promise<{ ms: number; cpuMs: number }> {
  const before = await server.usage();
  const startedAt = performance.now();
  await action();
  const ms = performance.now() - startedAt;
  return { ms, cpuMs: (await server.usage()).cpuMs - before.cpuMs };
}

async function measureCreates(server: MeasuredServer, client: RequestClient): Promise<void> {
  const bodies = Array.from({ length: sizes.creates }, (_, i) => podOf(sizes.pods - sizes.creates + i)).map((pod) => ({
    path: `/api/v1/namespaces/${pod.metadata.namespace ?? ''}/pods?fieldManager=bench`,
    body: { type: 'application/json', text: JSON.stringify(pod) },
  }));
  const latencies: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let each = bodies[next++]; each !== undefined; each = bodies[next++]) {
      const startedAt = performance.now();
      const { status, head } = await client.request('POST', each.path, each.body);
      if (status !== 201) throw new Error(`a create was answered with ${status}: ${head}`);
      latencies.push(performance.now() - startedAt);
    }
  };
  const { ms, cpuMs } = await timed(server, async () => {
    await Promise.all(Array.from({ length: Number(options.concurrency) }, lane));
  });
  const each = cpuMs / sizes.creates;
  console.log(`creates: ${Math.round((sizes.creates * 1_000) / ms)}/s (${each.toFixed(2)} ms of processors each), ${spread(latencies)}`);
}

async function measureLists(server: MeasuredServer, client: LoadClient): Promise<void> {
  const whole: number[] = [];
  const paged: number[] = [];
  let bytes = 0;
  let [wholeCpu, pagedCpu] = [0, 0];
  for (let i = 0; i < Number(options.lists); i++) {
    const one = await timed(server, async () => {
      bytes = (await client.request('GET', '/api/v1/pods')).bytes;
    });
    const pages = await timed(server, async () => {
      for (let token: string | undefined = ''; token !== undefined; ) {
        const { head } = await client.request('GET', `/api/v1/pods?limit=500${token === '' ? '' : `&continue=${token}`}`);
        token = /"continue":"([^"]+)"/.exec(head)?.[1];
      }
    });
    whole.push(one.ms);
    paged.push(pages.ms);
    wholeCpu += one.cpuMs;
    pagedCpu += pages.cpuMs;
  }
  const cpu = (sum: number): string => `${(sum / whole.length).toFixed(0)} ms of processors`;
  console.log(`list of ${sizes.pods} pods, ${(bytes / 1e6).toFixed(1)} MB: ${spread(whole)} (${cpu(wholeCpu)})`);
  console.log(`  in pages of 500: ${spread(paged)} (${cpu(pagedCpu)})`);
}

/** Each watcher is a connection of its own; the time runs from the request to the arrival of its event. */
async function measureWatches(server: MeasuredServer, client: LoadClient, tls: ClientTls): Promise<void> {
  const watchers = Array.from({ length: Number(options.watchers) }, () => new LoadClient(server.url, tls));
  const latencies: number[] = [];
  const slowest: number[] = [];
  let sentAt = 0;
  let missing = 0;
  let seen: () => void = () => undefined;
  const onChunk = (chunk: Buffer): void => {
    // Frames may split a line: its end counts.
    if (chunk.at(-1) !== 10) return;
    latencies.push(performance.now() - sentAt);
    if (--missing === 0) seen();
  };
  const { head } = await client.request('GET', '/api/v1/pods?limit=1');
  const version = /"resourceVersion":"(\d+)"/.exec(head)?.[1] ?? '';
  await Promise.all(watchers.map((watcher) => watcher.follow(`/api/v1/pods?watch=true&resourceVersion=${version}`, onChunk)));
  const { cpuMs } = await timed(server, async () => {
    for (let i = 0; i < sizes.changes; i++) {
      missing = watchers.length;
      const all = new Promise<void>((resolve) => {
        seen = resolve;
      });
      const pod = podOf(i);
      const text = JSON.stringify({ metadata: { labels: { changed: String(i) } } });
      sentAt = performance.now();
      const path = `/api/v1/namespaces/${namespaceOf(i)}/pods/${pod.metadata.name ?? ''}`;
      await Promise.all([client.request('PATCH', path, { type: 'application/merge-patch+json', text }), all]);
      slowest.push(performance.now() - sentAt);
    }
  });
  for (const watcher of watchers) watcher.close();
  const each = (cpuMs / sizes.changes).toFixed(1);
  console.log(`${watchers.length} watchers see a change after ${spread(latencies)}; the last of them ${spread(slowest)}`);
  console.log(`  (${each} ms of processors for each change)`);
}

function spread(samples: readonly number[]): string {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

async function printMemory(server: MeasuredServer, when: string): Promise<void> {
  const { rss, rssOfFiles, peakRss, heap } = await server.usage();
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(`memory ${when}: RSS ${mb(rss)}, of it mapped files ${mb(rssOfFiles)}; peak ${mb(peakRss)}; heap ${mb(heap)}`);
}

const directory = mkdtempSync(join(tmpdir(), 'weir-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const ca = new TestCa(directory);
ca.issueServer();
const { certificate, key } = ca.issueClient('bench', ['bench']);
const tls: ClientTls = { ca: ca.certificate, certificate, key };
const server = await MeasuredServer.start(directory);
try {
  const client = new LoadClient(server.url, tls);
  await printMemory(server, 'at start');
  const creator = options.http1 ? new Http1Client(server.url, tls) : client;
  await measureCreates(server, creator);
  await printMemory(server, 'after the creates');
  await measureLists(server, client);
  await printMemory(server, 'after the lists');
  await measureWatches(server, client, tls);
  await printMemory(server, 'at the end');
  client.close();
  creator.close();
} finally {
  await server.stop();
}
