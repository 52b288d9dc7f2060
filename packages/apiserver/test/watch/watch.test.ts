import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
const maps = '/api/v1/namespaces/default/configmaps';
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

async function create(name: string, labels: Record<string, string> = {}): Promise<string> {
  const { json } = await server.request('POST', maps, { body: configMap(name, {}, { labels }) });
  return json.metadata.resourceVersion;
}

function label(name: string, labels: Record<string, string | null>): Promise<unknown> {
  return server.request('PATCH', `${maps}/${name}`, {
    body: { metadata: { labels } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
}

describe('a watch', () => {
  it('without a version, or with 0, starts with what is there', async () => {
    await create('present');
    for (const query of ['', '&resourceVersion=0']) {
      const watch = await server.watch(`${maps}?watch=true&fieldSelector=metadata.name%3Dpresent${query}`);
      expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'present' } } });
      watch.close();
    }
  });

  it('from a version gives the changes after it, in their order', async () => {
    const version = await create('first');
    await create('second');
    await server.request('DELETE', `${maps}/first`);
    const watch = await server.watch(`${maps}?watch=true&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'second' } } });
    const gone = await watch.next();
    expect(gone).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'first' } } });
    expect(Number(gone?.object.metadata.resourceVersion)).toBeGreaterThan(Number(version));
    await create('third');
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'third' } } });
    watch.close();
  });

  it('with a selector sees objects come and go', async () => {
    const version = await create('mover', { team: 'red' });
    const watch = await server.watch(`${maps}?watch=true&resourceVersion=${version}&labelSelector=team%3Dblue`);
    await label('mover', { team: 'blue' });
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'mover' } } });
    await label('mover', { extra: 'x' });
    expect((await watch.next())?.type).toBe('MODIFIED');
    await label('mover', { team: null });
    expect((await watch.next())?.type).toBe('DELETED');
    watch.close();
  });

  it('with sendInitialEvents marks the end of what is there', async () => {
    await create('listed');
    const query =
      'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dlisted';
    const watch = await server.watch(`${maps}?${query}`);
    expect((await watch.next())?.type).toBe('ADDED');
    const end = await watch.next();
    expect(end).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    await label('listed', { a: 'b' });
    expect((await watch.next())?.type).toBe('MODIFIED');
    watch.close();
  });

  it('as Tables sends the columns once', async () => {
    const version = await create('t1');
    const watch = await server.watch(`${maps}?watch=true&resourceVersion=${version}`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    await create('t2');
    await create('t3');
    const first = await watch.next();
    expect(first?.object).toMatchObject({ kind: 'Table', rows: [{ cells: ['t2', 0, expect.stringMatching(/^\d+s$/)] }] });
    expect(first?.object.columnDefinitions).toHaveLength(3);
    expect((await watch.next())?.object.columnDefinitions).toBeNull();
    watch.close();
  });

  it('ends at its timeout', async () => {
    const watch = await server.watch(`${maps}?watch=true&resourceVersion=${await create('timed')}&timeoutSeconds=1`);
    expect(await watch.next()).toBeUndefined();
  });

  it('is known by its old paths as well', async () => {
    await create('by-old-path');
    for (const path of ['namespaces/default/configmaps/by-old-path', 'configmaps']) {
      const watch = await server.watch(`/api/v1/watch/${path}?fieldSelector=metadata.name%3Dby-old-path`);
      expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'by-old-path' } } });
      watch.close();
    }
    const policies = await server.watch('/apis/networking.k8s.io/v1/watch/networkpolicies?timeoutSeconds=1');
    expect(policies.status).toBe(200);
    expect(await policies.next()).toBeUndefined();
  });

  it('from the future is refused', async () => {
    expect((await server.request('GET', `${maps}?watch=true&resourceVersion=99999999`)).status).toBe(504);
  });

  it('without matching parameters is refused', async () => {
    const { status, json } = await server.request('GET', `${maps}?watch=true&sendInitialEvents=true`);
    expect(status).toBe(422);
    expect(json.message).toContain('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  });

  it('from before the history ends with an event that says so', async () => {
    const version = await create('old');
    await create('newer');
    await server.close();
    await server.open();
    const refused = await server.watch(`${maps}?watch=true&resourceVersion=${version}`);
    expect(refused.status).toBe(200);
    const status = {
      kind: 'Status',
      reason: 'Expired',
      code: 410,
      message: expect.stringMatching(/^too old resource version: \d+ \(\d+\)$/),
    };
    expect(await refused.next()).toMatchObject({ type: 'ERROR', object: status });
    expect(await refused.next()).toBeUndefined();
    const now = (await server.request('GET', maps)).json.metadata.resourceVersion;
    const watch = await server.watch(`${maps}?watch=true&resourceVersion=${now}`);
    await create('after-restart');
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'after-restart' } } });
    watch.close();
  });
});
