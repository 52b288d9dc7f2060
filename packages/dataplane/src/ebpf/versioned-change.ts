/**
 * Changes of the maps whose entries hold two versions, as bytes: addresses of endpoints, classes of pods
 * and of blocks.
 *
 * Blocks are tried longest first, so every block that is in the trie, of the state before or of the one
 * behind, says what both states say of its addresses. A block that is in one state only takes the other
 * state's content from the block around it.
 */
import { type Address, cidrsOfRange, type Family, formatCidr } from '@weir/net';
import { pieceOf } from '../classification/block-table.ts';
import type { BlockChange, ClassedBlock, ClassedPod, PodChange } from '../classification/peer-class-table.ts';
import { addressKey, blockKey, classContent, isNothing, noClass } from './records.ts';

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

/** The entries of a block. */
export function blockEntries({ piece, peerClass }: ClassedBlock): VersionedEntry[] {
  const content = classContent(peerClass.number);
  return cidrsOfRange(piece).map((cidr) => ({ map: mapOf('blocks', piece.first.family), key: blockKey(cidr), content }));
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
  const old = new Map(before.map((block) => [identityOf(block), block]));
  const added = after.filter((block) => !old.delete(identityOf(block)));
  const changes = new Map<string, VersionedChange>();
  const map = mapOf('blocks', family);
  const contentIn = (blocks: readonly ClassedBlock[], address: Address): Uint8Array => {
    const block = pieceOf(blocks, ({ piece }) => piece, address);
    return block === undefined ? noClass : classContent(block.peerClass.number);
  };
  for (const [blocks, stays] of [
    [[...old.values()], false],
    [added, true],
  ] as const) {
    for (const block of blocks) {
      for (const cidr of cidrsOfRange(block.piece)) {
        const contents = { before: contentIn(before, cidr.network), after: contentIn(after, cidr.network) };
        changes.set(formatCidr(cidr), { map, key: blockKey(cidr), ...contents, stays });
      }
    }
  }
  return [...changes.values()];
}

function identityOf({ piece, peerClass }: ClassedBlock): string {
  return `${piece.first.words.join()}-${piece.last.words.join()} ${peerClass.number}`;
}

/** One change for each entry: from what it was at first to what it is in the end. */
export function mergeChanges(changes: readonly VersionedChange[]): VersionedChange[] {
  const merged = new Map<string, VersionedChange>();
  for (const change of changes) {
    const identity = `${change.map} ${Buffer.from(change.key).toString('latin1')}`;
    merged.set(identity, { ...change, before: merged.get(identity)?.before ?? change.before });
  }
  return [...merged.values()].filter(({ before, after }) => !(isNothing(before) && isNothing(after)));
}
