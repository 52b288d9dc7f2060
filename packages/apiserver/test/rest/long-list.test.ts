/** Lists that are longer than what connections hold: they are made while they are sent. */
import { statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { encodeProtobufObject, type JsonObject, type KubeObject } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Answer } from '../support/answer.ts';
import { configMap } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

const maps = '/api/v1/namespaces/full/configmaps';
/** As large as a config map may be. */
const text = 'x'.repeat(1_000_000);
const count = 24;
const nameOf = (index: number): string => `m${String(index).padStart(2, '0')}`;

function* initialObjects(): Iterable<KubeObject> {
  yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'full' } };
  for (let i = 0; i < count; i++) yield configMap(nameOf(i), { text }, { namespace: 'full' }) as unknown as KubeObject;
}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ initialObjects });
});
afterAll(() => server.dispose());

/** The beginning of an answer; the rest waits until somebody reads it. */
function begin(path: string, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { certificate, key } = server.admin;
    const request = https.request(`${server.url}${path}`, { ca: server.ca.certificate, cert: certificate, key, headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      response.once('readable', () => resolve(response));
    });
    request.end();
  });
}

async function bytes(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function rest(response: IncomingMessage): Promise<Answer> {
  return JSON.parse((await bytes(response)).toString()) as Answer;
}

const changed = (index: number): Promise<unknown> =>
  server.request('PATCH', `${maps}/${nameOf(index)}`, {
    body: JSON.stringify({ data: { text: `${'y'.repeat(999_990)}${Math.random()}` } }),
    headers: { 'content-type': 'application/merge-patch+json' },
  });

describe('a long list', () => {
  it('shows one moment, whatever is written while it is sent', async () => {
    const response = await begin(maps);
    await server.request('DELETE', `${maps}/${nameOf(count - 2)}`);
    await changed(count - 1);
    const list = await rest(response);
    expect(list.items).toHaveLength(count);
    expect(list.items.every(({ metadata }) => Number(metadata.resourceVersion) <= Number(list.metadata.resourceVersion))).toBe(true);
    expect(list.items.at(-1)?.data).toEqual({ text });
    const now = await rest(await begin(maps));
    expect(now.items).toHaveLength(count - 1);
    expect(now.items.at(-1)?.data).not.toEqual({ text });
  });

  it('holds nothing of the store when its client leaves in the middle', async () => {
    const size = (): number => statSync(join(server.directory, 'data', 'data.mdb')).size;
    for (let i = 0; i < 5; i++) (await begin(maps)).destroy();
    // Room that changes free is used again, unless somebody could still read it.
    await changed(0);
    const before = size();
    for (let i = 0; i < 40; i++) await changed(0);
    expect(size() - before).toBeLessThan(20_000_000);
  });

  it.each([
    ['application/yaml', (list: Answer) => Buffer.from(stringify(list, { lineWidth: 0, indentSeq: false }))],
    ['application/vnd.kubernetes.protobuf', (list: Answer) => encodeProtobufObject(list as unknown as JsonObject)],
  ])('is made in pieces as %s too, and says the same', async (accept, encode) => {
    const response = await begin(maps, { accept });
    expect(response.headers).toMatchObject({ 'transfer-encoding': 'chunked', 'content-type': accept });
    const list = await bytes(response);
    expect(list.equals(encode(await rest(await begin(maps))))).toBe(true);
  });

  it('of rows with whole objects is made in pieces too', async () => {
    const response = await begin(`${maps}?includeObject=Object`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(response.headers['transfer-encoding']).toBe('chunked');
    const table = await rest(response);
    const plain = await rest(await begin(maps));
    expect(table.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Data', 'Age']);
    expect(table.rows.map(({ object }) => object)).toEqual(plain.items);
  });

  it('is sent to HEAD without its body', async () => {
    const { status, text: body } = await server.request('HEAD', maps);
    expect({ status, body }).toEqual({ status: 200, body: '' });
  });
});
