/**
 * Connection-tracking entries of the current network namespace, over ctnetlink.
 *
 * An address that goes to another pod must not bring along the connections of the one before, and a
 * connection that policies no longer allow may have to end: a packet of an established connection is
 * accepted before any policy is asked.
 *
 * A table can have a hundred thousand entries, and the kernel looks entries up one way only: it gives all
 * of them. So everything is done in pieces, between which others have their turn.
 */
import { constants } from 'node:os';
import type { Address, Family } from '@weir/net';
import {
  controlMessage,
  messageFlag,
  type NetlinkMessage,
  readAnswer,
  readMessageAttributes,
  readMessages,
} from '../netlink/message-reader.ts';
import { MessageWriter } from '../netlink/message-writer.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { PieceTurns } from '../netlink/piece-turns.ts';
import {
  addressKeys,
  hasAddress,
  hasEnd,
  identityOf,
  type RawEntry,
  rawEntry,
  readConnection,
  type TrackedConnection,
} from './conntrack-entry.ts';

const conntrackMessage = { get: 0x101, delete: 0x102 } as const;
const addressFamilies = { 4: 2, 6: 10 } as const;
const datagramBytesMax = 32 * 1024;

/** What names an entry in a request. */
type Identity = ReadonlyMap<number, Buffer>;

/** A socket for connection tracking. Calls on it have their turns in the order in which they come. */
export class ConntrackConnection {
  readonly #socket = new NetlinkSocket();
  readonly #writer = new MessageWriter(4096);
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Deletes every entry that has one of the addresses as source or destination, in its original or
   * its reply direction. Gives how many there were. Entries that end meanwhile are no error.
   */
  deleteByAddress(addresses: readonly Address[]): Promise<number> {
    return this.#alone(async () => {
      let count = 0;
      for (const family of familiesOf(addresses)) {
        const identities: Identity[] = [];
        const keys = addressKeys(ofFamily(addresses, family));
        const take = (message: NetlinkMessage): void => void identities.push(identityOf(readMessageAttributes(message)));
        await this.#dump({ family, take, restart: () => (identities.length = 0), wanted: (entry) => hasAddress(entry, keys) });
        await this.#delete(family, identities);
        count += identities.length;
      }
      return count;
    });
  }

  /** The connections that one of the addresses opened, or answers behind translation. */
  connectionsOf(addresses: readonly Address[]): Promise<TrackedConnection[]> {
    return this.#alone(async () => {
      const connections: TrackedConnection[] = [];
      for (const family of familiesOf(addresses)) {
        const start = connections.length;
        const keys = addressKeys(ofFamily(addresses, family));
        const take = (message: NetlinkMessage): void => {
          const connection = readConnection(message);
          if (connection !== undefined) connections.push(connection);
        };
        await this.#dump({ family, take, restart: () => (connections.length = start), wanted: (entry) => hasEnd(entry, keys) });
      }
      return connections;
    });
  }

  /** Deletes the entries of these connections; those that ended meanwhile are no error. */
  delete(connections: readonly TrackedConnection[]): Promise<void> {
    return this.#alone(async () => {
      for (const family of [4, 6] as const) {
        const identities = connections.filter(({ original }) => original.source.family === family).map(({ identity }) => identity);
        await this.#delete(family, identities);
      }
    });
  }

  close(): void {
    this.#socket.close();
  }

  /** Waits for the calls before: a second one meanwhile would read the answers to the first. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #delete(family: Family, identities: readonly Identity[]): Promise<void> {
    const turns = new PieceTurns();
    this.#writer.clear();
    for (const identity of identities) {
      const start = this.#writer.beginMessage({
        type: conntrackMessage.delete,
        flags: messageFlag.request,
        sequence: this.#socket.nextSequence(),
        family: addressFamilies[family],
      });
      for (const [type, value] of identity) this.#writer.raw(type, value);
      this.#writer.endMessage(start);
      if (this.#writer.length <= datagramBytesMax) continue;
      this.#flush();
      await turns.give();
    }
    this.#flush();
  }

  /**
   * Gives the wanted entries of a family. The kernel could pick them by address (CTA_FILTER), but
   * Linux 6.18 picks those of IPv6 that have another one.
   */
  #dump({ family, wanted, take, restart }: EntryDump): Promise<void> {
    return this.#socket.dumpByPieces({
      writer: this.#writer,
      restart,
      write: (writer, sequence) => {
        const start = writer.beginMessage({
          type: conntrackMessage.get,
          flags: messageFlag.request | messageFlag.dump,
          sequence,
          family: addressFamilies[family],
        });
        writer.endMessage(start);
      },
      take: (message: NetlinkMessage) => {
        const entry = rawEntry(message);
        if (entry !== undefined && wanted(entry)) take(message);
      },
    });
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

interface EntryDump {
  readonly family: Family;
  readonly wanted: (entry: RawEntry) => boolean;
  readonly take: (message: NetlinkMessage) => void;
  readonly restart: () => void;
}

function ofFamily(addresses: readonly Address[], family: Family): Address[] {
  return addresses.filter((address) => address.family === family);
}

function familiesOf(addresses: readonly Address[]): Family[] {
  return ([4, 6] as const).filter((family) => addresses.some((address) => address.family === family));
}
