import { cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoreEvent } from '../../src/storage/event-history.ts';
import { ObjectStore } from '../../src/storage/object-store.ts';
import { keyText } from '../../src/storage/store-keys.ts';

let directory: string;
let store: ObjectStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-store-'));
  store = new ObjectStore({ directory, history: { events: 5, bytes: 1_000_000 } });
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const key = (name: string): { resource: string; namespace: string; name: string } => ({ resource: 'pods', namespace: 'ns', name });
const put = (name: string, value = 0): Promise<unknown> =>
  store.write((transaction) => transaction.put(key(name), { metadata: { name }, value }));

describe('the store', () => {
  it('starts at a version other than 0 and counts every write', async () => {
    expect(store.revision).toBeGreaterThan(0);
    const before = store.revision;
    await put('a');
    await put('a');
    expect(store.revision).toBe(before + 2);
    expect(store.get(key('a'))?.json['metadata']).toMatchObject({ resourceVersion: String(before + 2) });
  });

  it('lets no write overlook another', async () => {
    await put('counter');
    const increment = (): Promise<unknown> =>
      store.write((transaction) => {
        const object = transaction.get(key('counter'))?.copy() ?? {};
        transaction.put(key('counter'), { ...object, value: Number(object['value']) + 1 });
      });
    await Promise.all(Array.from({ length: 200 }, increment));
    expect(store.get(key('counter'))?.json['value']).toBe(200);
  });

  it('publishes events after the commit, in the order of their versions', async () => {
    const events: StoreEvent[] = [];
    store.subscribe((event) => {
      // What is announced can be read.
      const stored = store.get(event.key)?.json['metadata'] as { readonly resourceVersion: string } | undefined;
      if (event.kind !== 'DELETED') expect(Number(stored?.resourceVersion)).toBeGreaterThanOrEqual(event.revision);
      events.push(event);
    });
    await Promise.all(Array.from({ length: 50 }, (_, i) => put(`p${i}`)));
    await store.write((transaction) => transaction.remove(key('p7')));
    const revisions = events.map((event) => event.revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(events).toHaveLength(51);
    expect(events.at(-1)).toMatchObject({ kind: 'DELETED', key: key('p7') });
  });

  it('tells of nothing that would be gone if its process ended at that moment', async () => {
    await put('a', 1);
    const copies: { readonly copy: string; readonly revision: number }[] = [];
    store.subscribe(({ revision }) => {
      const copy = join(directory, `copy-${revision}`);
      mkdirSync(copy);
      for (const file of ['data.mdb', 'recovery']) cpSync(join(directory, file), join(copy, file));
      copies.push({ copy, revision });
    });
    await put('a', 2);
    await store.write((transaction) => {
      transaction.put(key('a'), { value: 3 });
      transaction.put(key('b'), { value: 4 });
    });
    expect(copies).toHaveLength(3);
    for (const { copy, revision } of copies) {
      const left = new ObjectStore({ directory: copy });
      expect(left.revision).toBeGreaterThanOrEqual(revision);
      expect(left.get(key('a'))?.json['value']).toBeGreaterThan(1);
      await left.close();
    }
  });

  it('keeps of an event what counts against its bounds, not what listeners or readers of the past have parsed', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const parsed: WeakRef<object>[] = [];
    store.subscribe(({ object }) => void parsed.push(new WeakRef(object.json)));
    const before = store.revision;
    await put('a', 1);
    store.eventsSince(before)?.forEach(({ object }) => void parsed.push(new WeakRef(object.json)));
    expect(parsed).toHaveLength(2);
    const isCollected = (): void => {
      collect();
      expect(parsed.filter((each) => each.deref() !== undefined)).toHaveLength(0);
    };
    await vi.waitFor(isCollected, { timeout: 20_000 });
    expect(store.eventsSince(before)?.map(({ object }) => object.json['value'])).toEqual([1]);
  });

  it('does nothing when a write throws', async () => {
    const before = store.revision;
    await expect(
      store.write(() => {
        throw new Error('refused');
      }),
    ).rejects.toThrow('refused');
    expect(store.revision).toBe(before);
    await put('next');
    expect(store.revision).toBe(before + 1);
  });

  it('loses nothing when it is opened again', async () => {
    await put('a', 1);
    const revision = store.revision;
    await store.close();
    store = new ObjectStore({ directory });
    expect(store.revision).toBe(revision);
    expect(store.get(key('a'))?.json['value']).toBe(1);
    expect(store.oldestRevision).toBe(revision);
  });

  it('sees the first object of a resource and that the last one stays when its removal is undone', async () => {
    const names = (): string[] => [...store.list({ resource: 'pods' })].map(({ key: { name } }) => name);
    expect(names()).toEqual([]);
    await store.write((transaction) => {
      expect([...transaction.list({ resource: 'pods' })]).toEqual([]);
      transaction.put(key('a'), {});
      expect([...transaction.list({ resource: 'pods', namespace: 'ns' })]).toHaveLength(1);
    });
    expect(names()).toEqual(['a']);
    const undone = store.write((transaction) => {
      transaction.remove(key('a'));
      expect([...transaction.list({ resource: 'pods' })]).toEqual([]);
      throw new Error('refused');
    });
    await expect(undone).rejects.toThrow('refused');
    expect(names()).toEqual(['a']);
    await store.write((transaction) => transaction.remove(key('a')));
    expect(names()).toEqual([]);
    await put('b');
    expect(names()).toEqual(['b']);
  });

  it('gives each change of one write a version of its own, and shows the newest when it tells of the first', async () => {
    const before = store.revision;
    const seen: (readonly [number, number])[] = [];
    store.subscribe(({ revision }) => seen.push([revision, store.revision]));
    await store.write((transaction) => {
      transaction.put(key('a'), {});
      transaction.put(key('a'), { value: 1 });
      transaction.remove(key('a'));
    });
    expect(seen).toEqual([1, 2, 3].map((more) => [before + more, before + 3]));
  });

  it('keeps namespaces and resources apart', async () => {
    await store.write((transaction) => {
      transaction.put({ resource: 'pods', namespace: 'ns', name: 'a' }, {});
      transaction.put({ resource: 'pods', namespace: 'ns-2', name: 'b' }, {});
      transaction.put({ resource: 'pods.example.com', namespace: 'ns', name: 'c' }, {});
    });
    const names = (range: Parameters<ObjectStore['list']>[0]): string[] => [...store.list(range)].map(({ key: { name } }) => name);
    expect(names({ resource: 'pods' }).sort()).toEqual(['a', 'b']);
    expect(names({ resource: 'pods', namespace: 'ns' })).toEqual(['a']);
  });

  it('counts what comes after a key, whether the key is there or not', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await put(name);
    const after = (name: string): number => store.count({ resource: 'pods', namespace: 'ns', after: keyText(key(name)) });
    expect(store.count({ resource: 'pods' })).toBe(4);
    expect(['a', 'b', 'bb', 'd', 'e'].map(after)).toEqual([3, 2, 2, 0, 0]);
  });

  it('shows older states as far as its history reaches', async () => {
    await put('a', 1);
    await put('b', 1);
    const then = store.revision;
    await put('a', 2);
    await store.write((transaction) => transaction.remove(key('b')));
    await put('c', 1);
    const past = store.listAt({ resource: 'pods' }, then);
    expect([...(past?.objects() ?? [])].map(({ key: { name }, object }) => [name, object.json['value']])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(past?.count(keyText(key('a')))).toBe(1);
    expect(past?.count(keyText(key('b')))).toBe(0);
    for (let i = 0; i < 5; i++) await put(`x${i}`);
    expect(store.listAt({ resource: 'pods' }, then)).toBeUndefined();
    expect(store.eventsSince(then)).toBeUndefined();
  });
});
