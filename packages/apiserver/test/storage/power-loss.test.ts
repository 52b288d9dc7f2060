/**
 * A store after a loss of power, with any pages of later writes on the disk and any others not.
 *
 * What the disk has for certain is what the file held when a sync of it began. Of everything written since, each page
 * may be there or not: images are made so, by dice (`WEIR_POWER_LOSSES` of them, 20 unless set), and opened as in the
 * next run of the machine.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectStore } from '../../src/storage/object-store.ts';
import { saveStoreSnapshot } from '../../src/storage/store-snapshot.ts';

const losses = Number(process.env['WEIR_POWER_LOSSES'] ?? 20);
const [thisRun, nextRun] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const pageBytes = 4_096;
const sectorBytes = 512;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weirt-power-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Numbers from 0 to below `bound`, the same for the same seed. */
function dice(seed: number): (bound: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };
}

type Roll = (bound: number) => number;

/** The files of a store as they are now. */
interface Files {
  readonly data: Buffer;
  readonly recovery: Buffer;
}

function filesOf(directory: string): Files {
  return { data: readFileSync(join(directory, 'data.mdb')), recovery: readFileSync(join(directory, 'recovery')) };
}

/** A file of which each block is as in one of the versions; where one is too short, zeros. */
function mixed(versions: readonly Buffer[], blockBytes: number, roll: Roll): Buffer {
  const whole = Buffer.alloc(Math.max(...versions.map(({ length }) => length)));
  for (let at = 0; at < whole.length; at += blockBytes) {
    whole.set(versions[roll(versions.length)]?.subarray(at, at + blockBytes) ?? [], at);
  }
  return whole;
}

/** Names, with the revision of each object. */
type State = ReadonlyMap<string, string>;

function stateOf(store: ObjectStore): State {
  const entries = Array.from(store.list({ resource: 'things' }), ({ key, object }): [string, string] => {
    const { metadata, text } = object.json as { metadata: { resourceVersion: string }; text: string };
    expect(text).toMatch(/^(x*)$/);
    return [key.name, metadata.resourceVersion];
  });
  return new Map(entries);
}

/** Changes and removes some of 60 objects of up to 9 KB. */
function writeSome(store: ObjectStore, roll: Roll): Promise<unknown> {
  const writes = Array.from({ length: 1 + roll(12) }, () =>
    store.write((transaction) => {
      const key = { resource: 'things', namespace: 'ns', name: `n${roll(60)}` };
      if (transaction.get(key) !== undefined && roll(3) === 0) transaction.remove(key);
      else transaction.put(key, { metadata: { name: key.name }, text: 'x'.repeat(roll(9_000)) });
    }),
  );
  return Promise.all(writes);
}

/** Opens an image in the next run of the machine; gives what is there, and that it can be written to. */
async function reopened(image: Files): Promise<{ readonly state: State; readonly revision: number }> {
  const directory = join(root, 'image');
  await rm(directory, { recursive: true, force: true });
  mkdirSync(directory);
  writeFileSync(join(directory, 'data.mdb'), image.data);
  writeFileSync(join(directory, 'recovery'), image.recovery);
  const store = new ObjectStore({ directory, bootId: nextRun });
  try {
    const found = { state: stateOf(store), revision: store.revision };
    await writeSome(store, dice(1));
    stateOf(store);
    return found;
  } finally {
    await store.close();
  }
}

/** What a store was when a sync of it began, and its files when that was acknowledged. */
interface Moment {
  readonly state: State;
  readonly revision: number;
  readonly synced: Files;
  readonly files: Files;
}

/** Writes until it is acknowledged; with `others`, more is written meanwhile that is not acknowledged then. */
async function acknowledgedMoment(
  store: ObjectStore,
  directory: string,
  { roll, others }: { roll: Roll; others: boolean },
): Promise<Moment> {
  const acknowledged = writeSome(store, roll);
  const [synced, state, revision] = [filesOf(directory), stateOf(store), store.revision];
  // The sync begins a turn later.
  await nextTurn();
  await nextTurn();
  const later = others ? writeSome(store, roll) : undefined;
  await acknowledged;
  const files = filesOf(directory);
  await later;
  return { state, revision, synced, files };
}

/** The record of `newer` as it is when a sector of it is not on the disk. */
function tornRecord(newer: Files, older: Files): Buffer {
  const torn = Buffer.from(newer.recovery);
  const at = torn.findIndex((byte, i) => byte !== older.recovery[i]);
  return torn.fill(0, at, at + sectorBytes);
}

describe('after a loss of power a store', () => {
  it('is what it was when a write was acknowledged, whatever of the later ones is on the disk', {
    timeout: 60_000 + losses * 500,
  }, async () => {
    const directory = join(root, 'store');
    const store = new ObjectStore({ directory, bootId: thisRun });
    try {
      const roll = dice(losses);
      for (let loss = 0; loss < losses; loss++) {
        const first = await acknowledgedMoment(store, directory, { roll, others: false });
        const last = await acknowledgedMoment(store, directory, { roll, others: true });
        const data = mixed([last.synced.data, last.files.data], pageBytes, roll);
        const found = await reopened({ data, recovery: last.files.recovery });
        expect(found, `loss ${loss}`).toEqual({ state: last.state, revision: last.revision });
        // Or the power went while the record of the last moment was written: the one before counts.
        const earlier = mixed([first.synced.data, last.synced.data, last.files.data], pageBytes, roll);
        const before = await reopened({ data: earlier, recovery: tornRecord(last.files, first.files) });
        expect(before, `torn record, loss ${loss}`).toEqual({ state: first.state, revision: first.revision });
      }
    } finally {
      await store.close();
    }
  });

  it('has everything that was told when only its process ended', async () => {
    const directory = join(root, 'store');
    const store = new ObjectStore({ directory, bootId: thisRun });
    await writeSome(store, dice(1));
    const unacknowledged = writeSome(store, dice(2));
    const [files, state] = [filesOf(directory), stateOf(store)];
    await unacknowledged;
    await store.close();
    mkdirSync(join(root, 'copy'));
    writeFileSync(join(root, 'copy/data.mdb'), files.data);
    writeFileSync(join(root, 'copy/recovery'), files.recovery);
    const again = new ObjectStore({ directory: join(root, 'copy'), bootId: thisRun });
    expect(stateOf(again)).toEqual(state);
    await again.close();
  });

  it('is not read for a snapshot before it is put in order', async () => {
    const directory = join(root, 'store');
    await new ObjectStore({ directory, bootId: nextRun }).close();
    await expect(saveStoreSnapshot(directory, join(root, 'file'))).rejects.toThrow('start the cluster once');
  });
});
