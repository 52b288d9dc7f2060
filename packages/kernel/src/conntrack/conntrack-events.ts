/**
 * New connections of the current network namespace, as the kernel tells of them (a ctnetlink multicast
 * group): each once, when its first packet has passed every filter.
 *
 * The kernel keeps what was not read yet up to a limit and drops the rest; that something was dropped
 * is known, how much is not.
 */
import { messageFlag, readMessages } from '../netlink/message-reader.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { readConnection, type TrackedConnection } from './conntrack-entry.ts';

/** `NFNLGRP_CONNTRACK_NEW` and the message of a new entry. */
const newConnectionsGroup = 1;
const newMessage = 0x100;

/** Some ten thousand notifications. */
const queueBytes = 8 * 1024 * 1024;

/** What was read at once. */
export interface ConnectionBatch {
  readonly connections: readonly TrackedConnection[];
  /** Connections that were read and not looked at, because there were too many. */
  readonly skipped: number;
  /** How often the kernel said that it dropped some. */
  readonly overruns: number;
}

/** A socket that hears of new connections; opened in the namespace of the calling thread. */
export class ConnectionEvents {
  readonly #socket = new NetlinkSocket({ queueBytes });

  constructor() {
    try {
      this.#socket.join(newConnectionsGroup);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What has come since the last call; looks at `looksMax` and counts so many more at most, never waits. */
  read(looksMax: number, readsMax: number): ConnectionBatch {
    const connections: TrackedConnection[] = [];
    let skipped = 0;
    let overruns = 0;
    for (let reads = 0; reads < readsMax; reads++) {
      try {
        const datagram = this.#socket.receive();
        if (datagram === undefined) break;
        for (const message of readMessages(datagram)) {
          if (message.type !== newMessage || (message.flags & messageFlag.create) === 0) continue;
          const connection = connections.length < looksMax ? readConnection(message) : undefined;
          if (connection === undefined) skipped++;
          else connections.push(connection);
        }
      } catch (error) {
        if (!(error instanceof NetlinkError && error.code === 'uncertain')) throw error;
        overruns++;
      }
    }
    return { connections, skipped, overruns };
  }

  close(): void {
    this.#socket.close();
  }
}
