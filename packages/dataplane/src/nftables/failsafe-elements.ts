/** Ports that stay open, as elements of the failsafe sets: ranges of addresses that do not overlap, as the kernel wants them. */

import type { Failsafe } from '@weir/model';
import {
  type AddressRange,
  addressFromWords,
  addressToBytes,
  addToGroup,
  type Family,
  type ProtocolNumber,
  unionOfAddressRanges,
} from '@weir/net';
import type { PlacedElement } from './element.ts';
import { failsafeSet } from './host-sets.ts';

const families = [4, 6] as const;

/** The elements. */
export function failsafeElements(failsafes: readonly Failsafe[]): PlacedElement[] {
  const ports = new Map<string, Failsafe[]>();
  for (const one of failsafes) {
    const key = `${one.direction} ${one.protocol} ${one.port}`;
    addToGroup(ports, key, one);
  }
  return [...ports.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : families.flatMap((family) => elementsOfPort(first, [first, ...others], family)),
  );
}

/** What failsafes of one direction, protocol and port come to. */
function elementsOfPort({ direction, protocol, port }: Failsafe, same: readonly Failsafe[], family: Family): PlacedElement[] {
  const blocks = same.map(({ block }) => block ?? everyAddress(family)).filter(({ first }) => first.family === family);
  return unionOfAddressRanges(blocks).map(({ first, last }) => ({
    set: failsafeSet(direction, family),
    element: { key: keyOf(protocol, port, addressToBytes(first)), keyEnd: keyOf(protocol, port, addressToBytes(last)) },
  }));
}

function everyAddress(family: Family): AddressRange {
  const words = family === 4 ? 1 : 4;
  const of = (word: number): AddressRange['first'] => addressFromWords(family, new Array<number>(words).fill(word));
  return { first: of(0), last: of(0xffff_ffff) };
}

function keyOf(protocol: ProtocolNumber, port: number, address: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head[0] = protocol;
  head.writeUInt16BE(port, 4);
  return Buffer.concat([head, address]);
}
