/** What fuzzing has found, one test for each. */
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { KubeObject } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../support/test-server.ts';
import { type FuzzedServer, startFuzzedServer } from './fuzzed-server.ts';

let fuzzed: FuzzedServer;
beforeAll(async () => {
  fuzzed = await startFuzzedServer();
});
afterAll(() => fuzzed.server.dispose());

const send = (...args: Parameters<FuzzedServer['server']['request']>): ReturnType<FuzzedServer['server']['request']> =>
  fuzzed.server.request(...args);
const open = '/api/v1/namespaces/open';

function token(fields: object): string {
  return Buffer.from(JSON.stringify({ v: 1, ...fields })).toString('base64url');
}

describe('a continue token', () => {
  it.each([
    ['before the list', '\\'],
    ['in another namespace', 'configmaps/default/a'],
    ['in another resource', 'secrets/vault/a'],
    ['that is no text of a key', 'x'.repeat(5_000)],
  ])('that begins %s is refused', async (_where, start) => {
    const client = fuzzed.certificateOf('reader') ?? null;
    const revision = fuzzed.server.server.revision;
    const answer = await send('GET', `${open}/configmaps?continue=${token({ rv: revision, start })}`, { client });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain(fuzzed.canary);
  });

  it('of a revision that is yet to come, or of none, is refused', async () => {
    for (const rv of [1e9, 0.5, -2]) {
      expect((await send('GET', `${open}/configmaps?continue=${token({ rv, start: 'configmaps/open/a' })}`)).status).toBe(400);
    }
  });
});

describe('a name', () => {
  it('that is longer than any key of the store belongs to nothing', async () => {
    const long = 'x'.repeat(3_000);
    expect((await send('GET', `/api/v1/namespaces/${long}/pods`)).json).toMatchObject({ items: [] });
    expect((await send('GET', `${open}/pods/${long}`)).status).toBe(404);
    expect(
      (await send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { body: { metadata: { name: long }, rules: [] } })).status,
    ).toBe(422);
    const body = { spec: { boundObjectRef: { kind: 'Pod', name: long } } };
    expect((await send('POST', `${open}/serviceaccounts/one/token`, { body })).status).toBe(404);
  });
});

describe('an answer', () => {
  it('in a format that is not served is refused before anything is written', async () => {
    const refused = await send('POST', `${open}/configmaps`, { body: { metadata: { name: 'unread' } }, headers: { accept: 'text/html' } });
    expect(refused.status).toBe(406);
    expect((await send('GET', `${open}/configmaps/unread`)).status).toBe(404);
  });

  it('warns of any field, in a header that is valid and bounded', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`unknown${index}`, 1]));
    const body = { metadata: { name: 'warned' }, '\u007f\u2028日本': 1, ...unknown };
    const { status, headers } = await send('POST', `${open}/configmaps`, { body });
    expect(status).toBe(201);
    const warning = String(headers['warning']);
    expect(Buffer.from(warning, 'latin1').toString()).toContain('日本');
    expect(warning.length).toBeLessThan(5_000);
  });
});

describe('an object', () => {
  it('does not grow beyond 3 MiB, whatever is patched into it', async () => {
    const path = `${open}/configmaps/growing`;
    await send('POST', `${open}/configmaps`, { body: { metadata: { name: 'growing' } } });
    const headers = { 'content-type': 'application/merge-patch+json' };
    const grow = (key: string): Promise<{ readonly status: number }> =>
      send('PATCH', path, { body: { metadata: { annotations: {} }, data: { [key]: 'x'.repeat(900_000) } }, headers });
    const statuses: number[] = [];
    for (const key of ['a', 'b', 'c', 'd', 'e']) statuses.push((await grow(key)).status);
    expect(statuses.at(-1)).toBeGreaterThanOrEqual(400);
    expect(statuses.at(-1)).toBeLessThan(500);
    expect((await send('GET', path)).text.length).toBeLessThan(3 * 1024 * 1024 + 1);
  });

  it('does not become deeper than bodies may be by operations of a patch', async () => {
    await send('POST', `${open}/configmaps`, { body: { metadata: { name: 'deep' } } });
    const operations = Array.from({ length: 800 }, (_, depth) => ({ op: 'add', path: '/a'.repeat(depth + 1), value: {} }));
    const answer = await send('PATCH', `${open}/configmaps/deep`, {
      body: operations,
      headers: { 'content-type': 'application/json-patch+json' },
    });
    expect(answer.status).toBe(400);
  });
});

it('a target that is no URL is refused', async () => {
  expect((await send('GET', '//')).status).toBe(404);
  expect((await send('GET', '/%zz')).status).toBe(400);
});

it('a request over HTTP/2 that is refused ends, however much of its body is still to come', async () => {
  const { server } = fuzzed;
  const session = connect(server.url, { ca: server.ca.certificate });
  const stream = session.request({ ':method': 'POST', ':path': `${open}/configmaps` }, { endStream: false });
  const answered = new Promise<number>((resolve, reject) => {
    stream.on('response', (headers) => resolve(headers[':status'] ?? 0));
    stream.on('error', reject);
  });
  stream.resume();
  stream.end(Buffer.alloc(1024 * 1024));
  expect(await answered).toBe(401);
  await once(stream, 'close');
  session.close();
});

describe('a time that there is not', () => {
  const events = '/api/v1/namespaces/default/events';
  const event = (name: string, when: string): object => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'default' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'one' },
    lastTimestamp: when,
  });

  it('is not stored', async () => {
    const refused = await send('POST', events, { body: event('late', '2020-13-45T99:99:99Z') });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('month out of range');
  });

  it('ends a watch in protobuf with an error where it is stored, and disturbs nobody else', async () => {
    const stored = await TestServer.start({ initialObjects: () => [event('early', 'yesterday') as KubeObject] });
    try {
      const accept = { accept: 'application/vnd.kubernetes.protobuf;stream=watch' };
      const watched = await stored.request('GET', `${events}?watch=1&timeoutSeconds=60`, { headers: accept });
      expect(watched.status).toBe(200);
      expect(watched.text).toContain('an object of the watch has no form in protobuf');
      const late = await stored.watch(`${events}?watch=1&resourceVersion=${stored.server.revision}`, accept);
      expect((await stored.request('DELETE', `${events}/early`)).status).toBe(200);
      expect((await stored.request('POST', events, { body: event('next', '2020-01-01T00:00:00Z') })).status).toBe(201);
      late.close();
    } finally {
      await stored.dispose();
    }
  });
});

describe('a field of a Node', () => {
  it('that is to be an object is nothing else', async () => {
    const body = { status: { config: 'none', features: [], runtimeHandlers: {} } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    const refused = await send('PATCH', '/api/v1/nodes/n1/status', { body, headers });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
    const listed = await send('GET', '/api/v1/nodes', { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
    expect(listed.status).toBe(200);
  });
});
