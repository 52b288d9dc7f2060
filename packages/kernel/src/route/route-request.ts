/** One request to rtnetlink: what the encodings of all changes have in common. */
import { defined } from '@weir/net';
import { messageFlag } from '../netlink/message-reader.ts';
import type { MessageWriter } from '../netlink/message-writer.ts';

/** Address families as the kernel counts them. */
export const kernelFamily = { 4: 2, 6: 10 } as const;

/** What is made must not be there. */
export const creating: number = messageFlag.create | messageFlag.excl;
/** What is made takes the place of what is there. */
export const replacing: number = messageFlag.create | 0x100;

/** Marks a gateway as reachable on its interface whatever the routes say. */
export const nextHopOnLink = 4;

/** The head of a request. */
export interface RequestHeader {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
}

/** Writes a request that the kernel answers: its fixed part, then what `attributes` writes. */
export function request(writer: MessageWriter, header: RequestHeader, fixed: Uint8Array, attributes: () => void): void {
  const flags = header.flags | messageFlag.request | messageFlag.ack;
  const start = writer.beginMessageOf({ ...header, flags }, fixed);
  attributes();
  writer.endMessage(start);
}

/** The number of an interface; asserts that it has been looked up. */
export function numberOf(device: string, devices: ReadonlyMap<string, number>): number {
  return defined(devices.get(device), `the number of ${device} is known`);
}
