/**
 * Connection-tracking entries of the current network namespace, over ctnetlink.
 *
 * An address that goes to another pod must not bring along the connections of the one before: a
 * packet of an established connection is accepted before any policy is asked.
 */
import { constants } from 'node:os';
import { type Address, addressToBytes } from '@weir/net';
import {
  controlMessage,
  messageFlag,
  type NetlinkMessage,
  readAnswer,
  readAttributes,
  readMessageAttributes,
  readMessages,
} from '../netlink/message-reader.ts';
import { MessageWriter } from '../netlink/message-writer.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';

const conntrackMessage = { get: 0x101, delete: 0x102 } as const;
const conntrackAttribute = { original: 1, reply: 2, id: 12, zone: 18 } as const;
const tupleIp = 1;
const addressFamilies = { 4: 2, 6: 10 } as const;
const datagramBytesMax = 32 * 1024;

/** A socket for connection tracking and the calls on it. */
export class ConntrackConnection {
  readonly #socket = new NetlinkSocket();
  readonly #writer = new MessageWriter(4096);

  /**
   * Deletes every entry that has one of the addresses as source or destination, in its original or
   * its reply direction. Returns how many there were. Entries that end meanwhile are no error.
   */
  deleteByAddress(addresses: readonly Address[]): number {
    let count = 0;
    for (const family of [4, 6] as const) {
      const wanted = new Set(addresses.filter((address) => address.family === family).map((address) => hex(addressToBytes(address))));
      if (wanted.size > 0) count += this.#deleteOfFamily(addressFamilies[family], wanted);
    }
    return count;
  }

  close(): void {
    this.#socket.close();
  }

  #deleteOfFamily(family: number, wanted: ReadonlySet<string>): number {
    const entries = this.#entries(family, wanted);
    this.#writer.clear();
    for (const entry of entries) {
      const start = this.#writer.beginMessage({
        type: conntrackMessage.delete,
        flags: messageFlag.request,
        sequence: this.#socket.nextSequence(),
        family,
      });
      for (const [type, value] of entry) this.#writer.raw(type, value);
      this.#writer.endMessage(start);
      if (this.#writer.length > datagramBytesMax) this.#flush();
    }
    this.#flush();
    return entries.length;
  }

  /** The identifying attributes of the entries that have a wanted address. */
  #entries(family: number, wanted: ReadonlySet<string>): Map<number, Buffer>[] {
    const entries: Map<number, Buffer>[] = [];
    this.#socket.dump({
      writer: this.#writer,
      restart: () => {
        entries.length = 0;
      },
      write: (writer, sequence) => {
        const start = writer.beginMessage({
          type: conntrackMessage.get,
          flags: messageFlag.request | messageFlag.dump,
          sequence,
          family,
        });
        writer.endMessage(start);
      },
      take: (message: NetlinkMessage) => {
        const attributes = readMessageAttributes(message);
        const tuples = [attributes.get(conntrackAttribute.original), attributes.get(conntrackAttribute.reply)];
        if (tuples.some((tuple) => tuple !== undefined && hasAddress(tuple, wanted))) entries.push(identity(attributes));
      },
    });
    return entries;
  }

  /** Sends the deletions written so far and reads the refusals. */
  #flush(): void {
    if (this.#writer.length === 0) return;
    this.#socket.send(this.#writer.bytes());
    this.#writer.clear();
    for (let datagram = this.#socket.receive(); datagram !== undefined; datagram = this.#socket.receive()) {
      for (const message of readMessages(datagram)) {
        if (message.type !== controlMessage.error) continue;
        const { errno, text } = readAnswer(message);
        if (errno !== 0 && errno !== constants.errno.ENOENT) {
          throw new NetlinkError('refused', errno, text ?? 'cannot delete a conntrack entry');
        }
      }
    }
  }
}

function hasAddress(tuple: Buffer, wanted: ReadonlySet<string>): boolean {
  const ip = readAttributes(tuple).get(tupleIp);
  if (ip === undefined) return false;
  for (const value of readAttributes(ip).values()) if (wanted.has(value.toString('hex'))) return true;
  return false;
}

function identity(attributes: Map<number, Buffer>): Map<number, Buffer> {
  const kept = new Map<number, Buffer>();
  for (const type of [conntrackAttribute.original, conntrackAttribute.id, conntrackAttribute.zone]) {
    const value = attributes.get(type);
    if (value !== undefined) kept.set(type, Buffer.from(value));
  }
  return kept;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
