/**
 * Changes of blocks against a plain reading of tries: whoever looks an address up while a change is written
 * sees the class of the state before or of the one behind, by the generation that it reads.
 */
import type { Delta, PeerSet } from '@weir/calc';
import { type Address, type AddressRange, addressToBytes, unionOfAddressRanges } from '@weir/net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberPool } from '../../src/classification/number-pool.ts';
import { PeerClassTable } from '../../src/classification/peer-class-table.ts';
import { classContent, textOf } from '../../src/ebpf/records.ts';
import { blockChanges, blockEntries, mergeChanges } from '../../src/ebpf/versioned-change.ts';
import { emptyDelta } from '../conformance/state.ts';

/** The last addresses of the space too, so that a set can reach its end. */
const base = 0xffffffe0;
const ip = (n: number): Address => ({ family: 4, words: [base + n] });
const place = fc.integer({ min: 0, max: 31 });
const ranges = fc
  .array(fc.tuple(place, place), { minLength: 1, maxLength: 4 })
  .map((list) => unionOfAddressRanges(list.map(([a, b]) => ({ first: ip(Math.min(a, b)), last: ip(Math.max(a, b)) }))));
const everything: readonly AddressRange[] = [{ first: { family: 4, words: [0] }, last: { family: 4, words: [0xffffffff] } }];
const state = fc.array(fc.oneof({ weight: 6, arbitrary: ranges }, { weight: 1, arbitrary: fc.constant(everything) }), { maxLength: 3 });

const keyOf = (set: readonly AddressRange[]): string => JSON.stringify(set);

function deltaBetween(before: readonly (readonly AddressRange[])[], after: readonly (readonly AddressRange[])[]): Delta {
  const [old, now] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))];
  const upserts = after.filter((set) => !old.has(keyOf(set))).map((set): PeerSet => ({ kind: 'range', key: keyOf(set), ranges: set }));
  return { ...emptyDelta, peerSets: { upserts, removals: [...old].filter((key) => !now.has(key)) } };
}

/** What the longest entry that holds the address says. */
function found<T>(trie: ReadonlyMap<string, T>, address: Address): T | undefined {
  const bytes = addressToBytes(address);
  for (let bits = 32; bits >= 0; bits--) {
    const key = Buffer.alloc(8);
    key.writeUInt32LE(bits, 0);
    key.set(bytes, 4);
    const shift = 32 - bits;
    key.writeUInt32BE(shift === 32 ? 0 : ((key.readUInt32BE(4) >>> shift) << shift) >>> 0, 4);
    const entry = trie.get(textOf(key));
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** The class of an address, by the sets that hold it. */
function classAt(table: PeerClassTable, address: Address): Uint8Array {
  const block = table.blocks(4).find(({ piece }) => (piece.last.words[0] ?? 0) >= (address.words[0] ?? 0));
  return classContent(block?.peerClass.number ?? -1);
}

const probes = [
  { family: 4 as const, words: [0] },
  { family: 4 as const, words: [base - 1] },
  ...Array.from({ length: 32 }, (_, i) => ip(i)),
];

describe('changes of blocks', () => {
  it('DP43: say to each address what it was before and what it is from now on, and leave the entries of the new state', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 2, maxLength: 5 }), (states) => {
        const table = new PeerClassTable(new NumberPool());
        let trie = new Map([...blockEntries(table.blocks(4))].map(({ key, content }) => [textOf(key), content]));
        for (const [i, after] of states.entries()) {
          const seenBefore = probes.map((address) => classAt(table, address));
          const { blocks } = table.apply(deltaBetween(states[i - 1] ?? [], after));
          const written = new Map([...trie].map(([key, content]) => [key, { before: content, after: content }]));
          const changes = mergeChanges(blocks.flatMap(blockChanges));
          for (const change of changes) written.set(textOf(change.key), change);
          expect(probes.map((address) => found(written, address)?.before)).toEqual(seenBefore);
          expect(probes.map((address) => found(written, address)?.after)).toEqual(probes.map((address) => classAt(table, address)));
          for (const { key, stays } of changes) if (!stays) written.delete(textOf(key));
          trie = new Map([...written].map(([key, entry]) => [key, entry.after]));
          expect(trie).toEqual(new Map([...blockEntries(table.blocks(4))].map(({ key, content }) => [textOf(key), content])));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('DP43: takes one entry for each of many single addresses, and one for all the rest', () => {
    const table = new PeerClassTable(new NumberPool());
    const single = Array.from({ length: 10 }, (_, i) => ({ first: ip(i * 3), last: ip(i * 3) }));
    table.apply(deltaBetween([], [single]));
    expect([...blockEntries(table.blocks(4))]).toHaveLength(11);
  });
});
