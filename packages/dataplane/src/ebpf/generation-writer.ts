/**
 * The only one who writes the maps: every change is a generation, and takes force by one number.
 *
 *   entries of generation C + 1 ─▶ committed = C + 1 ─▶ retired = C ─▶ what only C needed goes
 *
 * A packet reads `committed` (C) once, and sees each entry as of C: entries of C + 1 still hold what was
 * before. `retired` says up to which generation that is no longer so; a packet that finds its own retired
 * in the end is judged anew (design/ebpf.md).
 */
import type { BpfElement } from '@weir/kernel';
import type { ApplyReport } from '../dataplane.ts';
import type { CountBook } from './count-book.ts';
import type { DesiredState, StateChanges } from './desired-state.ts';
import type { PinnedObject } from './pinned-objects.ts';
import { contentAt, isNothing, noClass, noEndpoint, textOf, u32, u64, versionedValue } from './records.ts';
import { mergeChanges, type VersionedChange, type VersionedMap, versionedMaps } from './versioned-change.ts';

/** Keys of `control`. */
const controlKey = { committed: 0, retired: 1, lastNumber: 2 } as const;

/** A map of which every element is known. */
export type WatchedMap = VersionedMap | 'policies' | 'counts';

/** All of them. */
export const watchedMaps: readonly WatchedMap[] = [...versionedMaps, 'policies', 'counts'];

/** Told of every element that a change writes, or takes away. */
export type OnWrite = (map: WatchedMap, key: Uint8Array, isThere: boolean) => void;

const noContent = new Uint8Array();

/** What changes did. */
export type WrittenEntries = Pick<ApplyReport, 'transactions' | 'elementsAdded' | 'elementsRemoved'>;

/** What a generation writes before it takes force. */
interface Generation {
  readonly versioned: readonly VersionedChange[];
  readonly policies: readonly BpfElement[];
  readonly counted: ReadonlyMap<number, string>;
}

/** Writes to the maps of one object. */
export class GenerationWriter {
  readonly #object: PinnedObject;
  readonly #counts: CountBook;
  readonly #settings: Uint8Array;
  #generation: bigint;
  #isCertain = false;
  #replacements = 0;
  readonly #listeners = new Set<OnWrite>();

  /** `settings` is the value of `options`. */
  constructor(object: PinnedObject, counts: CountBook, settings: Uint8Array) {
    this.#object = object;
    this.#counts = counts;
    this.#settings = settings;
    this.#generation = this.#control(controlKey.committed);
  }

  /** The generation in force; 0: none. */
  get generation(): bigint {
    return this.#generation;
  }

  /** The maps hold what was written last, as far as this process is concerned. */
  get isCertain(): boolean {
    return this.#isCertain;
  }

  /** How often everything was written anew. */
  get replacements(): number {
    return this.#replacements;
  }

  /** Tells of what changes write, until the returned function is called; of {@link replace} only {@link replacements} tells. */
  listen(listener: OnWrite): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The highest number that an earlier process has given out. */
  get lastNumber(): number {
    return Number(this.#control(controlKey.lastNumber));
  }

  /** The elements of a map as the generation in force sees them; of counts their keys only. */
  *pieces(map: WatchedMap): Iterable<readonly BpfElement[]> {
    for (const piece of this.#object.maps[map].pieces()) {
      if (map === 'policies') yield piece;
      else if (map === 'counts') yield piece.map(({ key }) => ({ key, value: noContent }));
      else yield piece.map(({ key, value }) => ({ key, value: contentAt(value, this.#generation) }));
    }
  }

  /** The same, one by one. */
  *contents(map: VersionedMap): Iterable<BpfElement> {
    for (const piece of this.pieces(map)) yield* piece;
  }

  /** Puts changes into force at one instant. */
  change(versioned: readonly VersionedChange[], policies: StateChanges['policies'], state: DesiredState): WrittenEntries {
    const merged = mergeChanges(versioned);
    const size = merged.length + policies.added.length + policies.removed.length;
    if (size === 0 && policies.counted.length === 0 && policies.uncounted.length === 0) {
      return { transactions: 0, elementsAdded: 0, elementsRemoved: 0 };
    }
    this.#commit({ versioned: merged, policies: policies.added, counted: new Map(policies.counted) }, state.lastNumber);
    const { maps } = this.#object;
    const gone = merged.filter(({ stays }) => !stays);
    for (const map of versionedMaps) maps[map].deleteAll(gone.filter((change) => change.map === map).map(({ key }) => key));
    maps.policies.deleteAll(policies.removed);
    this.#counts.leave(policies.uncounted);
    this.#tell(merged, policies);
    this.#isCertain = true;
    return {
      transactions: 1,
      elementsAdded: merged.length - gone.length + policies.added.length,
      elementsRemoved: gone.length + policies.removed.length,
    };
  }

  /** Puts the whole state in the place of what the maps hold, whatever that is; `policies` are all its elements of that map. */
  replace(state: DesiredState, policies: readonly BpfElement[] = [...state.policyElements()]): WrittenEntries {
    this.#replacements++;
    // What an earlier generation saw may be half overwritten.
    this.#setControl(controlKey.retired, this.#generation === 0n ? 0n : this.#generation - 1n);
    this.#counts.forgetMissing();
    const versioned = this.#wholeChange(state);
    const counted = state.counted();
    // Before anything is written: of what is there now, and not of what comes.
    const { maps } = this.#object;
    const [strangePolicies, strangeCounts] = [unwantedKeys(maps.policies.pieces(), policies), this.#counts.others(counted)];
    this.#commit({ versioned, policies, counted }, state.lastNumber);
    const gone = versioned.filter(({ stays }) => !stays);
    for (const map of versionedMaps) maps[map].deleteAll(gone.filter((change) => change.map === map).map(({ key }) => key));
    maps.policies.deleteAll(strangePolicies);
    this.#counts.leave(strangeCounts);
    this.#isCertain = true;
    return { transactions: 1, elementsAdded: versioned.length - gone.length + policies.length, elementsRemoved: gone.length };
  }

  /** Whether `control` and `options` are as they were written. */
  isControlIntact(): boolean {
    const settings = this.#object.maps.options.get(u32(Number(this.#generation & 1n)));
    return (
      this.#control(controlKey.committed) === this.#generation &&
      this.#control(controlKey.retired) < this.#generation &&
      settings?.equals(this.#settings) === true
    );
  }

  #tell(versioned: readonly VersionedChange[], { added, removed, counted, uncounted }: StateChanges['policies']): void {
    for (const listener of this.#listeners) {
      for (const { map, key, stays } of versioned) listener(map, key, stays);
      for (const { key } of added) listener('policies', key, true);
      for (const key of removed) listener('policies', key, false);
      for (const [number] of counted) listener('counts', u32(number), true);
      for (const number of uncounted) listener('counts', u32(number), false);
    }
  }

  #commit({ versioned, policies, counted }: Generation, lastNumber: number): void {
    this.#isCertain = false;
    const { maps } = this.#object;
    const next = this.#generation + 1n;
    this.#setControl(controlKey.lastNumber, BigInt(lastNumber));
    maps.options.set(u32(Number(next & 1n)), this.#settings);
    this.#counts.take(counted);
    maps.policies.setAll(policies);
    for (const map of versionedMaps) {
      const changes = versioned.filter((change) => change.map === map);
      maps[map].setAll(changes.map(({ key, before, after }) => ({ key, value: versionedValue(next, after, before) })));
    }
    this.#setControl(controlKey.committed, next);
    this.#generation = next;
    this.#setControl(controlKey.retired, next - 1n);
  }

  /** From what the generation in force sees to the whole state: every entry of the two is written anew. */
  #wholeChange(state: DesiredState): VersionedChange[] {
    const wanted = new Map<VersionedMap, Map<string, Uint8Array>>(versionedMaps.map((map) => [map, new Map()]));
    for (const { map, key, content } of state.versionedEntries()) wanted.get(map)?.set(textOf(key), content);
    return versionedMaps.flatMap((map) => {
      const before = new Map([...this.contents(map)].map(({ key, value }) => [textOf(key), value]));
      const after = wanted.get(map) ?? new Map<string, Uint8Array>();
      const nothing = map.startsWith('local') ? noEndpoint : noClass;
      const contentsIn = map.startsWith('blocks') ? aroundOrNothing : exactOrNothing;
      const [seenBefore, seenAfter] = [contentsIn(before, nothing), contentsIn(after, nothing)];
      return [...new Set([...before.keys(), ...after.keys()])].map((text) => ({
        map,
        key: Buffer.from(text, 'latin1'),
        before: seenBefore(text),
        after: seenAfter(text),
        stays: after.has(text),
      }));
    });
  }

  #control(key: number): bigint {
    return this.#object.maps.control.get(u32(key))?.readBigUInt64LE(0) ?? 0n;
  }

  #setControl(key: number, value: bigint): void {
    this.#object.maps.control.set(u32(key), u64(value));
  }
}

function unwantedKeys(pieces: Iterable<readonly BpfElement[]>, wanted: readonly BpfElement[]): Uint8Array[] {
  let kept: Set<string> | undefined;
  const unwanted: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece.length > 0) kept ??= new Set(wanted.map(({ key }) => textOf(key)));
    for (const { key } of piece) if (kept?.has(textOf(key)) !== true) unwanted.push(key);
  }
  return unwanted;
}

/** What a state says to those who find an entry, by its key's text. */
type SeenContents = (text: string) => Uint8Array;

function exactOrNothing(contents: ReadonlyMap<string, Uint8Array>, nothing: Uint8Array): SeenContents {
  return (text) => contents.get(text) ?? nothing;
}

/** The content of the smallest block around a block, itself included. */
function aroundOrNothing(contents: ReadonlyMap<string, Uint8Array>, nothing: Uint8Array): SeenContents {
  const lengths = new Set<number>();
  for (const text of contents.keys()) lengths.add(Buffer.from(text.slice(0, 4), 'latin1').readUInt32LE(0));
  const longestFirst = [...lengths].sort((a, b) => b - a);
  return (text) => {
    const own = contents.get(text);
    if (own !== undefined && !isNothing(own)) return own;
    const key = Buffer.from(text, 'latin1');
    const ownBits = key.readUInt32LE(0);
    for (const bits of longestFirst) {
      if (bits >= ownBits) continue;
      key.writeUInt32LE(bits, 0);
      clearBitsFrom(key.subarray(4), bits);
      const content = contents.get(key.toString('latin1'));
      if (content !== undefined && !isNothing(content)) return content;
    }
    return nothing;
  };
}

function clearBitsFrom(bytes: Buffer, bits: number): void {
  for (let i = bits >> 3; i < bytes.length; i++) bytes[i] = i === bits >> 3 ? (bytes[i] ?? 0) & (0xff00 >> (bits & 7)) : 0;
}
