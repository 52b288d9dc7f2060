/** The formats of answers: what a client accepts is what it gets, of every kind of answer. */

import { connect } from 'node:http2';
import { request as openRequest } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { decodeProtobufObject } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TestServer } from '../support/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const protobuf = 'application/vnd.kubernetes.protobuf';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await server.request('POST', maps, { body: { metadata: { name: 'a' }, data: { k: 'v' } } });
});
afterAll(() => server.dispose());

interface RawAnswer {
  readonly status: number;
  readonly type: string | undefined;
  readonly encoding: string | undefined;
  readonly bytes: Buffer;
}

/** One request with the bytes of its answer; `until` ends a stream early. */
function raw(path: string, headers: Readonly<Record<string, string>>, until?: (bytes: Buffer) => boolean): Promise<RawAnswer> {
  const { admin, ca, url } = server;
  return new Promise((resolve, reject) => {
    const request = openRequest(`${url}${path}`, { ca: ca.certificate, cert: admin.certificate, key: admin.key, headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      let bytes = Buffer.alloc(0);
      const done = (): void => {
        const { 'content-type': type, 'content-encoding': encoding } = response.headers;
        resolve({ status: response.statusCode ?? 0, type, encoding, bytes });
        request.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (until?.(bytes) === true) done();
      });
      response.on('end', done);
      response.on('error', reject);
    });
    request.end();
  });
}

describe('an answer', () => {
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    [`${protobuf},application/json`, 'application/json'],
    [`${protobuf}, */*`, 'application/json'],
    ['application/yaml', 'application/yaml'],
    ['application/json;q=0.5, application/yaml', 'application/yaml'],
    ['application/json, application/yaml', 'application/json'],
    [protobuf, protobuf],
    [`${protobuf}, application/json;q=0`, protobuf],
    [`text/html, ${protobuf};q=0.1`, protobuf],
  ])('to a client that accepts %s is %s', async (accept, expected) => {
    const answer = await server.request('GET', `${maps}/a`, accept === undefined ? {} : { headers: { accept } });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(expected);
  });

  it('is refused to a client that accepts nothing that is served, and names what is', async () => {
    const { json, status } = await server.request('GET', `${maps}/a`, { headers: { accept: 'text/html' } });
    expect(status).toBe(406);
    expect(json).toMatchObject({
      reason: 'NotAcceptable',
      message: `only the following media types are accepted: application/json, application/yaml, ${protobuf}`,
    });
  });

  it('says the same in every format: objects, lists, results of writes and failures', async () => {
    const created = await server.request('POST', maps, { body: { metadata: { name: 'b' } }, headers: { accept: 'application/yaml' } });
    expect(parse(created.text)).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'b' } });
    for (const path of [`${maps}/a`, `${maps}/nope`, '/api/v1/namespaces', '/apis', '/api/v1']) {
      const json = (await server.request('GET', path)).json;
      expect(parse((await raw(path, { accept: 'application/yaml' })).bytes.toString())).toEqual(json);
    }
    for (const path of [`${maps}/a`, `${maps}/nope`]) {
      const { json } = await server.request('GET', path);
      const answer = await raw(path, { accept: protobuf });
      expect(answer.type).toBe(protobuf);
      const expected: unknown = JSON.parse(JSON.stringify(json), (_key, value: unknown) => (isEmptyObject(value) ? undefined : value));
      expect(
        JSON.parse(JSON.stringify(decodeProtobufObject(answer.bytes).object), (_key, value: unknown) =>
          isEmptyObject(value) ? undefined : value,
        ),
      ).toEqual(expected);
    }
    for (const path of ['/api/v1/namespaces', '/apis', '/api/v1', '/api']) {
      const answer = await raw(path, { accept: protobuf });
      expect([answer.status, answer.type]).toEqual([200, protobuf]);
      expect(answer.bytes.subarray(0, 4).toString()).toBe('k8s\0');
    }
  });

  it('that has no form in protobuf is refused: a Table', async () => {
    const accept = `${protobuf};as=Table;v=v1;g=meta.k8s.io`;
    expect((await server.request('GET', maps, { headers: { accept } })).status).toBe(406);
  });
});

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

describe('a watch in protobuf', () => {
  it('frames every event with its length', async () => {
    const wholeFrame = (bytes: Buffer): boolean => bytes.length >= 4 && bytes.length >= bytes.readUInt32BE(0) + 4;
    const answer = await raw(`${maps}?watch=true&fieldSelector=metadata.name%3Da`, { accept: `${protobuf};stream=watch` }, wholeFrame);
    expect(answer.type).toBe(`${protobuf};stream=watch`);
    const event = answer.bytes.subarray(4, answer.bytes.readUInt32BE(0) + 4);
    expect(event.subarray(0, 7).toString('latin1')).toBe('\n\u0005ADDED');
    expect(decodeProtobufObject(event.subarray(event.indexOf('k8s\0'))).object).toMatchObject({ kind: 'ConfigMap', data: { k: 'v' } });
  });

  it('of partial metadata carries partial metadata', async () => {
    const accept = `${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`;
    const answer = await raw(`${maps}?watch=true`, { accept }, (bytes) => bytes.includes('PartialObjectMetadata'));
    expect(answer.bytes.includes('k8s\0')).toBe(true);
  });

  it('is refused in YAML, which has no form for streams', async () => {
    expect((await server.request('GET', `${maps}?watch=true`, { headers: { accept: 'application/yaml' } })).status).toBe(406);
  });
});

describe('a large answer', () => {
  beforeAll(async () => {
    const data = { text: 'x'.repeat(140_000) };
    await Promise.all(['l1', 'l2', 'l3'].map((name) => server.request('POST', maps, { body: { metadata: { name }, data } })));
  });

  it.each([
    ['an object', `${maps}/l1`],
    ['a list that is sent piece by piece', maps],
  ])('is compressed for a client that takes gzip, and only then: %s', async (_name, path) => {
    const plain = await raw(path, {});
    const compressed = await raw(path, { 'accept-encoding': 'deflate, gzip' });
    expect([plain.encoding, compressed.encoding]).toEqual([undefined, 'gzip']);
    expect(compressed.bytes.length).toBeLessThan(plain.bytes.length / 10);
    expect(gunzipSync(compressed.bytes).toString()).toBe(plain.bytes.toString());
    expect((await raw(path, { 'accept-encoding': 'gzip;q=0, identity' })).encoding).toBeUndefined();
  });

  it('is compressed on HTTP/2 as well', async () => {
    const session = connect(server.url, { ca: server.ca.certificate, cert: server.admin.certificate, key: server.admin.key });
    const encoding = await new Promise((resolve, reject) => {
      const stream = session.request({ ':path': maps, 'accept-encoding': 'gzip' });
      stream.on('response', (headers) => resolve(headers['content-encoding']));
      stream.on('error', reject);
      stream.resume();
    });
    session.close();
    expect(encoding).toBe('gzip');
  });

  it('of many pieces has its other formats too', async () => {
    const list = (await server.request('GET', maps)).json;
    expect(parse((await raw(maps, { accept: 'application/yaml' })).bytes.toString())).toEqual(list);
    expect((await raw(maps, { accept: protobuf })).bytes.length).toBeGreaterThan(3 * 140_000);
  });

  it('is not compressed when it is small', async () => {
    expect((await raw(`${maps}/a`, { 'accept-encoding': 'gzip' })).encoding).toBeUndefined();
  });
});
