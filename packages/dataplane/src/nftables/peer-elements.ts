/** Elements of `class4/6` (known pods) and `block4/6` (all the rest of the address space): whose class is which. */
import { addressToBytes, type Family, formatAddress } from '@weir/net';
import type { BlockChange, ClassedBlock, ClassedPod, PeerClassChanges, PeerClassTable } from '../classification/peer-class-table.ts';
import { blockElements, numberValue, type PlacedElement } from './element.ts';
import { addDifference, type ElementChanges } from './element-changes.ts';
import { familySets } from './sets.ts';

/** Everything that the kernel shall hold of a table. */
export function* peerElements(peers: PeerClassTable): Iterable<PlacedElement> {
  for (const pod of peers.pods()) yield podElement(pod);
  for (const family of [4, 6] as const) for (const block of peers.blocks(family)) yield* elementsOfBlock(family, block);
}

/** Adds what a delta changes of it. */
export function addPeerChanges(changes: ElementChanges, { pods, blocks }: Pick<PeerClassChanges, 'pods' | 'blocks'>): void {
  for (const change of blocks) addBlockDifference(changes, change);
  for (const { before, after } of pods) {
    addDifference(changes, before === undefined ? [] : [podElement(before)], after === undefined ? [] : [podElement(after)]);
  }
}

function podElement({ address, peerClass }: ClassedPod): PlacedElement {
  return { set: familySets(address.family).class, element: { key: addressToBytes(address), data: numberValue(peerClass.number) } };
}

/**
 * Ranges go and come as wholes, beginning directly before end: the kernel only deletes an end right
 * after the beginning of its own range (seen with 6.18.44: ENOENT otherwise).
 */
function addBlockDifference(changes: ElementChanges, { family, before, after }: BlockChange): void {
  const identity = ({ piece, peerClass }: ClassedBlock): string =>
    `${formatAddress(piece.first)}-${formatAddress(piece.last)} ${peerClass.number}`;
  const kept = new Map(before.map((block) => [identity(block), block]));
  for (const block of after) if (!kept.delete(identity(block))) changes.added.push(...elementsOfBlock(family, block));
  for (const block of kept.values()) changes.removed.push(...elementsOfBlock(family, block));
}

function elementsOfBlock(family: Family, { piece, peerClass }: ClassedBlock): PlacedElement[] {
  return blockElements(familySets(family).block, piece, peerClass.number);
}
