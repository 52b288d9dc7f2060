import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectStore } from '../../src/storage/object-store.ts';
import { loadStoreSnapshot, saveStoreSnapshot } from '../../src/storage/store-snapshot.ts';
import { configMap } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

let directory: string;
const inDirectory = (name: string): string => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-snapshot-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const key = (name: string): { resource: string; namespace: string; name: string } => ({ resource: 'pods', namespace: 'ns', name });

/** A store with these pods; everything of it. */
async function filledStore(name: string, pods: readonly string[]): Promise<string> {
  const store = new ObjectStore({ directory: inDirectory(name) });
  for (const pod of pods)
    await store.write((transaction) => transaction.put(key(pod), { metadata: { name: pod, namespace: 'ns' }, é: pod }));
  await store.close();
  return inDirectory(name);
}

async function contentOf(name: string): Promise<{ readonly revision: number; readonly texts: readonly string[] }> {
  const store = new ObjectStore({ directory: inDirectory(name) });
  try {
    return { revision: store.revision, texts: [...store.list({ resource: 'pods' })].map(({ object }) => JSON.stringify(object.json)) };
  } finally {
    await store.close();
  }
}

const maps = '/api/v1/namespaces/default/configmaps';

describe('a snapshot of a store', () => {
  it('is taken beside a server, put back into another, and watches from before either are told to begin anew', async () => {
    const server = await TestServer.start();
    const other = await TestServer.start();
    try {
      await server.request('POST', maps, { body: configMap('kept', { a: 'ü' }) });
      const { json: kept } = await server.request('GET', `${maps}/kept`);
      const saved = await saveStoreSnapshot(join(server.directory, 'data'), inDirectory('file'));
      expect(saved.revision).toBe(Number(kept.metadata.resourceVersion));
      for (let i = 0; i < 5; i++) await other.request('POST', maps, { body: configMap(`lost-${i}`, {}) });
      const before = Number((await other.request('GET', maps)).json.metadata.resourceVersion);
      await other.close();
      const loaded = await loadStoreSnapshot(join(other.directory, 'data'), inDirectory('file'));
      await other.open();
      const { json: list } = await other.request('GET', maps);
      expect(list.items).toEqual([expect.objectContaining({ data: kept.data, metadata: kept.metadata })]);
      expect(loaded.revision).toBeGreaterThan(Math.max(saved.revision, before));
      expect(Number(list.metadata.resourceVersion)).toBeGreaterThanOrEqual(loaded.revision);
      for (const old of [saved.revision, before]) {
        expect((await other.request('GET', `${maps}?watch=true&resourceVersion=${old}`)).json).toMatchObject({ object: { code: 410 } });
      }
      const { json: next } = await other.request('POST', maps, { body: configMap('next', {}) });
      expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(loaded.revision);
    } finally {
      await server.dispose();
      await other.dispose();
    }
  });

  it('takes the place of no pipe or device', async () => {
    const source = await filledStore('source', ['a']);
    execFileSync('mkfifo', [inDirectory('pipe')]);
    const { ino } = statSync(inDirectory('pipe'));
    await expect(saveStoreSnapshot(source, inDirectory('pipe'))).rejects.toThrow('is no regular file');
    expect(statSync(inDirectory('pipe')).ino).toBe(ino);
  });

  it('is for its owner only, replaces an older file when it is whole, and is the same text after a round trip', async () => {
    const source = await filledStore('source', ['a', 'b']);
    writeFileSync(inDirectory('file'), 'older', { mode: 0o644 });
    await saveStoreSnapshot(source, inDirectory('file'));
    expect(statSync(inDirectory('file')).mode & 0o777).toBe(0o600);
    await loadStoreSnapshot(await filledStore('target', ['c']), inDirectory('file'));
    await saveStoreSnapshot(inDirectory('target'), inDirectory('again'));
    const objects = (file: string): string[] => readFileSync(inDirectory(file), 'utf8').split('\n').slice(1, -2);
    expect(objects('again')).toEqual(objects('file'));
    await expect(saveStoreSnapshot(inDirectory('nowhere'), inDirectory('again'))).rejects.toThrow();
  });

  it('that is cut off or changed anywhere is refused, and changes nothing', async () => {
    await saveStoreSnapshot(await filledStore('source', ['a', 'b', 'c']), inDirectory('file'));
    const whole = readFileSync(inDirectory('file'));
    const target = await filledStore('target', ['old']);
    const present = await contentOf('target');
    const damaged: Buffer[] = [];
    for (let end = 0; end < whole.length - 1; end += 13) damaged.push(whole.subarray(0, end));
    for (let at = 0; at < whole.length - 1; at += 13) damaged.push(Buffer.from(whole.map((byte, i) => (i === at ? byte ^ 1 : byte))));
    damaged.push(Buffer.concat([whole, Buffer.from('{}\n')]));
    for (const [i, bytes] of damaged.entries()) {
      writeFileSync(inDirectory('damaged'), bytes);
      await expect(loadStoreSnapshot(target, inDirectory('damaged')), `damage ${i}`).rejects.toThrow(/^it (is|has) /);
    }
    expect(await contentOf('target')).toEqual(present);
  });

  it.each([
    ['of another version', { version: 2 }, {}, /^it has version 2, and this weir reads version 1$/],
    ['of another format', { format: 'tar' }, {}, /^it is no snapshot of weir$/],
    ['with an object under another name', {}, { key: 'pods/ns/b' }, /^it is damaged: line 2 holds an object of another name than its key$/],
    ['with a key of too many parts', {}, { key: 'pods/ns/a/x' }, /^it is damaged: line 2 has a key that is none$/],
    ['with an object from after it', { revision: 1 }, {}, /^it is damaged: line 2 holds an object that is newer than the snapshot$/],
  ])('%s is refused, whatever its checksum says', async (_what, header, object, message) => {
    const lines = [
      { format: 'weir-snapshot', version: 1, revision: 7, objects: 1, ...header },
      { key: 'pods/ns/a', object: { metadata: { name: 'a', namespace: 'ns', resourceVersion: '7' } }, ...object },
    ].map((line) => `${JSON.stringify(line)}\n`);
    const sha256 = createHash('sha256').update(lines.join('')).digest('hex');
    writeFileSync(inDirectory('file'), [...lines, `${JSON.stringify({ sha256 })}\n`].join(''));
    await expect(loadStoreSnapshot(await filledStore('target', []), inDirectory('file'))).rejects.toThrow(message);
  });
});
