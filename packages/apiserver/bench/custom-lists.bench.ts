/**
 * What lists of custom resources cost beside lists of a built-in kind of the same size:
 * `npm run bench:custom-lists -- [--objects N]`. In one process and without sockets: processor time alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ApiServer, allPieces, type SentResponse, startApiServer } from '../src/index.ts';
import { TestCa } from '../test/support/certificates.ts';

const { values: options } = parseArgs({
  options: { objects: { type: 'string', default: '5000' }, lists: { type: 'string', default: '10' } },
});
const count = Number(options.objects);
const directory = mkdtempSync(join(tmpdir(), 'weir-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gates.bench.example.com' },
  spec: {
    group: 'bench.example.com',
    scope: 'Namespaced',
    names: { plural: 'gates', kind: 'Gate' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  replicas: { type: 'integer', default: 1 },
                  doors: {
                    type: 'array',
                    items: { type: 'object', properties: { name: { type: 'string' }, side: { type: 'string', default: 'left' } } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

async function ask(server: ApiServer, method: string, target: string, body?: unknown): Promise<SentResponse> {
  return server.answer({
    method,
    target,
    headers: { 'content-type': 'application/json' },
    certified: { username: 'bench', groups: ['system:masters'] },
    sourceAddress: '',
    signal: new AbortController().signal,
    readBody: async () => (body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body))),
    whenClosed: (callback) => callback(),
  });
}

function lengthOf(response: SentResponse): number {
  if (response.kind === 'bytes') return response.body.length;
  if (response.kind !== 'pieces') throw new Error(`a list was answered as ${response.kind}, ${response.status}`);
  let length = 0;
  for (const piece of allPieces(response)) length += piece.length;
  return length;
}

async function measure(server: ApiServer, path: string): Promise<void> {
  const times: number[] = [];
  let length = 0;
  for (let i = 0; i < Number(options.lists); i++) {
    const begunAt = process.cpuUsage();
    length = lengthOf(await ask(server, 'GET', path));
    const { user, system } = process.cpuUsage(begunAt);
    times.push((user + system) / 1_000);
  }
  const [first = 0, ...others] = times;
  others.sort((a, b) => a - b);
  const median = others[Math.floor(others.length / 2)] ?? 0;
  console.log(`${path}: ${(length / 1e6).toFixed(1)} MB, first ${first.toFixed(0)} ms, then ${median.toFixed(0)} ms (median)`);
}

const ca = new TestCa(directory);
const server = await startApiServer({
  dataDirectory: join(directory, 'data'),
  tls: { ...ca.issueServer(), clientCa: ca.certificate },
  listen: [{ host: '127.0.0.1', port: 0 }],
  serviceCidrs: ['10.0.0.0/16'],
  nodeSocket: () => undefined,
  version: 'v1.35.2',
});
await ask(server, 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
const gates = '/apis/bench.example.com/v1/namespaces/default/gates';
const maps = '/api/v1/namespaces/default/configmaps';
while ((await ask(server, 'GET', gates)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
const text = 'x'.repeat(600);
for (let i = 0; i < count; i += 100) {
  const names = Array.from({ length: Math.min(100, count - i) }, (_, each) => `n${i + each}`);
  await Promise.all(
    names.flatMap((name) => [
      ask(server, 'POST', maps, { metadata: { name, annotations: { text } }, data: { a: 'b', c: 'd' } }),
      ask(server, 'POST', gates, {
        metadata: { name, annotations: { text } },
        spec: { doors: [{ name: 'a' }, { name: 'b', side: 'right' }] },
      }),
    ]),
  );
}
await measure(server, maps);
await measure(server, gates);
await server.close();
