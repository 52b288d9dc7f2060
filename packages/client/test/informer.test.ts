/** The informer against a real HTTP server whose faults are scripted. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Informer, type InformerHandlers, type InformerOptions, KubeClient, type KubeClientOptions } from '../src/index.ts';
import { FaultyServer, noFaults, type Widget } from './faulty-server.ts';

const widgets = { group: 'test', version: 'v1', resource: 'widgets' };
const fast: InformerOptions = { backoff: { initialMs: 1, maximumMs: 20 } };

let server: FaultyServer;
let base: string;
const cleanups: (() => Promise<void>)[] = [];

beforeEach(async () => {
  server = new FaultyServer();
  base = await server.listen();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await server.close();
});

/** An informer whose calls are recorded as lines and replayed into a map of their own. */
function follow(options: InformerOptions = fast, clientOptions: KubeClientOptions = {}, opened: () => void = () => undefined) {
  const calls: string[] = [];
  const seen = new Map<string, number>();
  const errors: unknown[] = [];
  const handlers: InformerHandlers<Widget> = {
    upsert: (object) => {
      calls.push(`upsert ${object.metadata.name} ${object.spec.size}`);
      seen.set(object.metadata.name ?? '', object.spec.size);
    },
    remove: (object) => {
      calls.push(`remove ${object.metadata.name}`);
      if (!seen.delete(object.metadata.name ?? '')) calls.push('removed what was not there');
    },
    synced: () => void calls.push('synced'),
    opened,
  };
  const client = new KubeClient({ server: base }, clientOptions);
  const informer = new Informer<Widget>(client, widgets, handlers, { ...options, onError: (error) => void errors.push(error) });
  informer.start();
  cleanups.push(async () => {
    await informer.stop();
    client.close();
  });
  return { informer, calls, seen, errors };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}

const watching = () => until(() => server.watchCount > 0, 'a watch');

test('delivers the list, then synced, then changes as they come', async () => {
  server.put('a', 1);
  const { informer, calls } = follow();
  await informer.synced;
  await watching();
  server.put('b', 2);
  server.put('a', 3);
  server.remove('a');
  await until(() => calls.length === 5, 'five calls');
  expect(calls).toEqual(['upsert a 1', 'synced', 'upsert b 2', 'upsert a 3', 'remove a']);
  expect(informer.list().map((object) => object.metadata.name)).toEqual(['b']);
  expect(informer.get('demo', 'b')?.kind).toBe('Widget');
  expect(informer.lastResourceVersion).toBe(server.version);
});

test('reads lists page by page and fills in the kind that lists leave out', async () => {
  for (let index = 0; index < 7; index += 1) server.put(`w${index}`, index);
  const { informer } = follow({ ...fast, pageSize: 3 });
  await informer.synced;
  expect(informer.list()).toHaveLength(7);
  expect(informer.get('demo', 'w6')).toMatchObject({ apiVersion: 'test/v1', kind: 'Widget' });
  expect(server.requests.filter((url) => !url.includes('watch=')).length).toBe(3);
});

test('goes on from the last version after a cut, without a new list and without repeating anything', async () => {
  server.put('a', 1);
  const { informer, calls } = follow();
  await informer.synced;
  await watching();
  server.cutWatches();
  server.put('b', 2);
  await until(() => calls.includes('upsert b 2'), 'b');
  expect(calls).toEqual(['upsert a 1', 'synced', 'upsert b 2']);
  expect(server.requests.filter((url) => !url.includes('watch=')).length).toBe(1);
});

test('tells that the server answers again as soon as it takes a watch, also of a resource that nobody changes', async () => {
  let opened = 0;
  const { informer } = follow(fast, {}, () => opened++);
  await informer.synced;
  await watching();
  await until(() => opened === 1, 'the first watch');
  server.cutWatches();
  await until(() => opened === 2, 'the second watch');
  expect(server.requests.filter((url) => !url.includes('watch=')).length).toBe(1);
});

test('lists again after 410 and reports only what differs, removals among it', async () => {
  server.put('kept', 1);
  server.put('gone', 1);
  server.put('changed', 1);
  const { informer, calls } = follow();
  await informer.synced;
  await watching();
  calls.length = 0;
  // All in one turn: the informer has no watch that could tell it of the changes.
  server.cutWatches();
  server.remove('gone');
  server.put('changed', 2);
  server.expireHistory();
  await until(() => calls.length >= 2, 'the difference');
  expect(calls).toEqual(['remove gone', 'upsert changed 2']);
});

test('reports an object that was deleted and made again as removed first', async () => {
  server.put('a', 1, 'first');
  const { informer, calls } = follow();
  await informer.synced;
  await watching();
  server.cutWatches();
  server.remove('a');
  server.put('a', 2, 'second');
  server.expireHistory();
  await until(() => calls.includes('upsert a 2'), 'the second a');
  expect(calls).toEqual(['upsert a 1', 'synced', 'remove a', 'upsert a 2']);
});

test('an old event does not bring a deleted object back', async () => {
  const old = server.put('a', 1);
  const { informer, calls } = follow();
  await informer.synced;
  await watching();
  server.remove('a');
  server.write(`${JSON.stringify({ type: 'ADDED', object: old })}\n`);
  server.put('b', 1);
  await until(() => calls.includes('upsert b 1'), 'b');
  expect(calls).toEqual(['upsert a 1', 'synced', 'remove a', 'upsert b 1']);
});

test('a watch that stays silent is replaced', async () => {
  const { informer, errors } = follow(fast, { watchIdleTimeoutMs: 40 });
  await informer.synced;
  await until(() => server.requests.filter((url) => url.includes('watch=')).length >= 3, 'three watches');
  expect(errors[0]).toMatchObject({ name: 'TransportError', code: 'timeout' });
});

test.each([
  ['a line that is not JSON', '{"type":\n', 'garbage'],
  ['a frame without an object', '{"type":"ADDED"}\n', 'garbage'],
  ['an unknown type', '{"type":"CHANGED","object":{"metadata":{}}}\n', 'garbage'],
  ['an object without a name', '{"type":"ADDED","object":{"metadata":{}}}\n', 'garbage'],
  ['a frame beyond the limit', `{"type":"${'x'.repeat(5000)}`, 'too-large'],
])('survives %s', async (_, text, code) => {
  const { informer, calls, errors } = follow(fast, { watchFrameLimitBytes: 1000 });
  await informer.synced;
  await watching();
  server.write(text);
  await until(() => errors.length > 0, 'an error');
  expect(errors[0]).toMatchObject({ name: 'TransportError', code });
  server.put('after', 1);
  await until(() => calls.includes('upsert after 1'), 'the next object');
});

test('bookmarks move the version forward without calling anybody', async () => {
  const { informer, calls } = follow();
  await informer.synced;
  await watching();
  server.bookmark();
  await until(() => informer.lastResourceVersion === server.version, 'the bookmark');
  expect(calls).toEqual(['synced']);
});

test('waits for a server that is not there yet', async () => {
  const { informer, errors } = (() => {
    const client = new KubeClient({ server: 'http://127.0.0.1:1' });
    const seen: unknown[] = [];
    const waiting = new Informer(
      client,
      widgets,
      { upsert: () => undefined, remove: () => undefined },
      { ...fast, onError: (e) => void seen.push(e) },
    );
    waiting.start();
    return { informer: waiting, errors: seen };
  })();
  await until(() => errors.length >= 3, 'three tries');
  expect(errors[0]).toMatchObject({ code: 'connect' });
  await informer.stop();
  await expect(informer.synced).rejects.toThrow('stopped before its first list');
});

test('lists again when the server has lost its data and does not know the version', async () => {
  server.put('a', 1);
  const { informer, calls } = follow();
  await informer.synced;
  await watching();
  server.write(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 504, reason: 'Timeout', message: 'too large' } })}\n`);
  await until(() => server.requests.filter((url) => !url.includes('watch=')).length === 2, 'a second list');
  expect(calls).toEqual(['upsert a 1', 'synced']);
});

test('a handler that throws stops the informer and is heard of', async () => {
  server.put('a', 1);
  const client = new KubeClient({ server: base });
  const informer = new Informer<Widget>(client, widgets, {
    upsert: () => {
      throw new Error('bug');
    },
    remove: () => undefined,
  });
  informer.start();
  await expect(informer.finished).rejects.toThrow('bug');
  client.close();
});

test('whatever goes wrong on the way, the copy ends up equal to the server (100 seeded runs)', async () => {
  const operations = fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), remove: fc.boolean() }), {
    minLength: 20,
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(operations, fc.integer(), async (steps, seed) => {
      const own = new FaultyServer();
      base = await own.listen();
      const outer = server;
      server = own;
      let state = seed | 1;
      own.random = () => {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        return (state >>> 0) / 2 ** 32;
      };
      const { informer, calls, seen } = follow();
      try {
        await informer.synced;
        own.faults = { cut: 0.1, duplicate: 0.2, replay: 0.3, swap: 0.2, garbage: 0.05, expire: 0.05, listError: 0.3 };
        for (const [index, step] of steps.entries()) {
          if (step.remove) own.remove(step.name);
          else own.put(step.name, index, `uid-${step.name}-${index % 3}`);
          if (index % 4 === 0) await new Promise(setImmediate);
        }
        own.flush();
        own.faults = noFaults;
        own.put('end', 1);
        const expected = () => [...own.state].map(([name, { spec }]) => [name, spec.size]).toSorted();
        await until(() => JSON.stringify([...seen].toSorted()) === JSON.stringify(expected()), calls.join('; '));
        expect(
          informer
            .list()
            .map((object) => [object.metadata.name, object.spec.size])
            .toSorted(),
        ).toEqual(expected());
        expect(calls).not.toContain('removed what was not there');
      } finally {
        await informer.stop();
        await own.close();
        server = outer;
      }
    }),
    { seed: 20261123, numRuns: 100 },
  );
}, 120_000);

test('keeps the fields that are asked for, of lists and of events, and still hears errors in full', async () => {
  server.put('a', 1);
  const errors: unknown[] = [];
  const client = new KubeClient({ server: base });
  const none = (): void => undefined;
  const options = { ...fast, fields: { metadata: { labels: true } }, onError: (error: unknown) => void errors.push(error) } as const;
  const informer = new Informer<Widget>(client, widgets, { upsert: none, remove: none }, options);
  cleanups.push(async () => {
    await informer.stop();
    client.close();
  });
  informer.start();
  await informer.synced;
  await watching();
  server.put('b', 2);
  await until(() => informer.get('demo', 'b') !== undefined, 'the event');
  for (const name of ['a', 'b']) {
    expect(informer.get('demo', name)).toMatchObject({ kind: 'Widget', metadata: { name, namespace: 'demo', uid: `uid-${name}` } });
    expect(informer.get('demo', name)).not.toHaveProperty('spec');
  }
  server.write(
    '{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Expired","message":"too old","code":410}}\n',
  );
  await until(() => errors.length > 0, 'the error');
  expect(errors[0]).toMatchObject({ code: 410, reason: 'Expired', message: 'too old' });
});
