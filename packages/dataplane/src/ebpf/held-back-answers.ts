/** The answers that are held back, as elements of `ended`. */
import type { BpfMap } from '@weir/kernel';
import { addressFromBytes, addressToBytes, type Flow } from '@weir/net';
import type { HeldBackAnswers } from '../connections/connection-review.ts';
import { u64 } from './records.ts';

/** As long as the kernel keeps an idle stream of UDP packets, and some more. */
const heldBackNs = 200_000_000_000n;
const keyBytes = 40;
const addressBytes = 16;

/** The answers that the map holds back. */
export function heldBackAnswers(map: BpfMap): HeldBackAnswers {
  return {
    releaseAllowed: async (isDenied) => releaseAllowed(map, isDenied),
    hold: async (flows) => {
      const until = u64(process.hrtime.bigint() + heldBackNs);
      map.setAll(flows.map((flow) => ({ key: endedKey(flow), value: until })));
    },
  };
}

function releaseAllowed(map: BpfMap, isDenied: (flow: Flow) => boolean): number {
  const now = process.hrtime.bigint();
  const released: Uint8Array[] = [];
  let held = 0;
  for (const piece of map.pieces()) {
    for (const { key, value } of piece) {
      if (Buffer.from(value).readBigUInt64LE(0) < now || !isDenied(endedFlow(key))) released.push(key);
      else held++;
    }
  }
  map.deleteAll(released);
  return held;
}

/** The element that holds back the answers of a connection: they have its ends the other way round. */
function endedKey({ source, destination, protocol, sourcePort = 0, destinationPort = 0 }: Flow): Uint8Array {
  const key = Buffer.alloc(keyBytes);
  key.set(addressToBytes(destination), 0);
  key.set(addressToBytes(source), addressBytes);
  key.writeUInt16BE(destinationPort, 32);
  key.writeUInt16BE(sourcePort, 34);
  key[36] = protocol;
  key[37] = source.family;
  return key;
}

/** The connection whose answers an element holds back. */
function endedFlow(bytes: Uint8Array): Flow {
  const key = Buffer.from(bytes);
  const width = key.readUInt8(37) === 4 ? 4 : addressBytes;
  return {
    source: addressFromBytes(key.subarray(addressBytes, addressBytes + width)),
    destination: addressFromBytes(key.subarray(0, width)),
    protocol: key.readUInt8(36),
    sourcePort: key.readUInt16BE(34),
    destinationPort: key.readUInt16BE(32),
  };
}
