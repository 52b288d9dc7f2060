/**
 * Changes of the maps whose entries hold two versions, as bytes: addresses of endpoints, classes of pods
 * and of blocks.
 *
 * Blocks are tried longest first, so every block that is in the trie, of the state before or of the one
 * behind, says what both states say of its addresses. A block that is in one state only takes the other
 * state's content from the block around it. What is in no range set has one entry, for everything, behind
 * all others: between thousands of single addresses lie as many gaps, of several blocks each.
 */
import { type Address, type Cidr, cidrOf, cidrRange, cidrsOfRange, compareAddresses, type Family } from '@weir/net';
import { pieceOf } from '../classification/block-table.ts';
import type { BlockChange, ClassedBlock, ClassedPod, PeerClass, PodChange } from '../classification/peer-class-table.ts';
import { addressKey, blockKey, classContent, isNothing, noClass, textOf } from './records.ts';

/** The maps with two versions of each entry. */
export const versionedMaps = ['local4', 'local6', 'pods4', 'pods6', 'blocks4', 'blocks6'] as const;

/** One of them. */
export type VersionedMap = (typeof versionedMaps)[number];

/** What the state before and the one behind say to those who find this entry. */
export interface VersionedChange {
  readonly map: VersionedMap;
  readonly key: Uint8Array;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Whether the entry belongs to the state behind; otherwise it goes when no packet sees the state before any more. */
  readonly stays: boolean;
}

/** What the state says to those who find this entry. */
export interface VersionedEntry {
  readonly map: VersionedMap;
  readonly key: Uint8Array;
  readonly content: Uint8Array;
}

/** A map of a family. */
export function mapOf<K extends 'local' | 'pods' | 'blocks'>(kind: K, family: Family): `${K}${Family}` {
  return `${kind}${family}`;
}

/** A known pod's entry. */
export function podEntry({ address, peerClass }: ClassedPod): VersionedEntry {
  return { map: mapOf('pods', address.family), key: addressKey(address), content: classContent(peerClass.number) };
}

/** The entries of the blocks of a family. */
export function* blockEntries(blocks: readonly ClassedBlock[]): Iterable<VersionedEntry> {
  for (const { cidrs, peerClass } of entriesIn(blocks)) {
    const content = classContent(peerClass.number);
    for (const cidr of cidrs) yield { map: mapOf('blocks', cidr.network.family), key: blockKey(cidr), content };
  }
}

/** Changes of known pods. */
export function podChanges(pods: readonly PodChange[]): VersionedChange[] {
  return pods.flatMap(({ before, after }) => {
    const address: Address | undefined = (after ?? before)?.address;
    if (address === undefined || before?.peerClass === after?.peerClass) return [];
    const old = before === undefined ? noClass : classContent(before.peerClass.number);
    const next = after === undefined ? noClass : classContent(after.peerClass.number);
    return [{ map: mapOf('pods', address.family), key: addressKey(address), before: old, after: next, stays: after !== undefined }];
  });
}

/** Changes of the blocks of a family. */
export function blockChanges({ family, before, after }: BlockChange): VersionedChange[] {
  const changes = new Map<string, VersionedChange>();
  const map = mapOf('blocks', family);
  const contents = { before: contentsOf(before), after: contentsOf(after) };
  for (const [blocks, stays] of [
    [without(before, after), false],
    [without(after, before), true],
  ] as const) {
    for (const { cidrs } of entriesIn(blocks)) {
      for (const cidr of cidrs) {
        const key = blockKey(cidr);
        changes.set(textOf(key), { map, key, before: contents.before(cidr), after: contents.after(cidr), stays });
      }
    }
  }
  return [...changes.values()];
}

/** What has entries: each block in a range set, and everything for all the rest. */
function* entriesIn(blocks: readonly ClassedBlock[]): Iterable<{ readonly cidrs: readonly Cidr[]; readonly peerClass: PeerClass }> {
  const rest = blocks.find(isRest);
  if (rest !== undefined) yield { cidrs: [cidrOf(rest.piece.first, 0)], peerClass: rest.peerClass };
  for (const block of blocks) if (!isRest(block)) yield { cidrs: cidrsOfRange(block.piece), peerClass: block.peerClass };
}

/** Whether the block is in no range set; all such blocks are of one class. */
function isRest({ piece }: ClassedBlock): boolean {
  return piece.sets.length === 0;
}

/**
 * What a state says to those who find a block's entry, also when the state has no such entry: if the block
 * is no part of one of its pieces, the pieces inside have longer entries, and it speaks for the rest.
 */
function contentsOf(blocks: readonly ClassedBlock[]): (cidr: Cidr) => Uint8Array {
  const contents = new Map<number, Uint8Array>();
  const contentOf = (block: ClassedBlock | undefined): Uint8Array => {
    if (block === undefined) return noClass;
    const { number } = block.peerClass;
    const content = contents.get(number) ?? classContent(number);
    contents.set(number, content);
    return content;
  };
  const rest = contentOf(blocks.find(isRest));
  return (cidr) => {
    const block = pieceOf(blocks, ({ piece }) => piece, cidr.network);
    const isInside = block !== undefined && compareAddresses(cidrRange(cidr).last, block.piece.last) <= 0;
    return isInside ? contentOf(block) : rest;
  };
}

/** The blocks that others do not have too. */
function without(blocks: readonly ClassedBlock[], others: readonly ClassedBlock[]): ClassedBlock[] {
  const known = new Set(others.map(identityOf));
  return blocks.filter((block) => !known.has(identityOf(block)));
}

/** The same for blocks with the same entries. */
function identityOf(block: ClassedBlock): string {
  const { first, last } = block.piece;
  return isRest(block) ? `rest ${block.peerClass.number}` : `${first.words.join()}-${last.words.join()} ${block.peerClass.number}`;
}

/** One change for each entry: from what it was at first to what it is in the end. */
export function mergeChanges(changes: readonly VersionedChange[]): VersionedChange[] {
  const merged = new Map<string, VersionedChange>();
  for (const change of changes) {
    const identity = `${change.map} ${textOf(change.key)}`;
    merged.set(identity, { ...change, before: merged.get(identity)?.before ?? change.before });
  }
  return [...merged.values()].filter(({ before, after }) => !(isNothing(before) && isNothing(after)));
}
