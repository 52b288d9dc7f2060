/** Whose addresses were whose for the process of before, of this or of another version, as the maps of local addresses say. */
import type { BpfMap } from '@weir/kernel';
import { addressFromBytes, formatAddress } from '@weir/net';
import type { EarlierOwner } from '../endpoints/earlier-owners.ts';
import type { GenerationWriter } from './generation-writer.ts';
import type { PinnedObject, PinnedObjects } from './pinned-objects.ts';
import { bytesOfKey, contentAt, isNothing, ownerMark, ownerOfContent } from './records.ts';

const latestGeneration = (1n << 64n) - 1n;

/** Owners by the texts of their addresses; unreadable where the maps have another layout. */
export function ownersInKernel(pins: PinnedObjects, object: PinnedObject, writer: GenerationWriter): Map<string, EarlierOwner> {
  const owners = new Map<string, EarlierOwner>();
  for (const name of ['local4', 'local6'] as const) {
    for (const map of pins.othersMaps(name, object)) {
      addOwners(owners, map, map.valueBytes === object.maps[name].valueBytes);
      map.close();
    }
    for (const { key, value } of writer.contents(name)) if (!isNothing(value)) addOwner(owners, key, ownerOfContent(value));
  }
  return owners;
}

function addOwners(owners: Map<string, EarlierOwner>, map: BpfMap, isKnown: boolean): void {
  for (const piece of map.pieces()) {
    for (const { key, value } of piece) {
      // An entry whose change did not take force any more is of either; the later one may be wrong, and then it only costs connections.
      const content = isKnown ? contentAt(value, latestGeneration) : undefined;
      if (content !== undefined && isNothing(content)) continue;
      addOwner(owners, key, content === undefined ? undefined : ownerOfContent(content));
    }
  }
}

/** `owner`: undefined where it cannot be read. */
function addOwner(owners: Map<string, EarlierOwner>, key: Uint8Array, owner: Uint8Array | undefined): void {
  const address = addressFromBytes(bytesOfKey(key));
  owners.set(formatAddress(address), { address, is: (uid) => owner !== undefined && Buffer.compare(ownerMark(uid), owner) === 0 });
}
