/**
 * Which tables others have changed, from the notifications that nf_tables sends after every commit.
 *
 * What one's own connection commits is filtered out by the kernel, so that a large change of one's own
 * fills no queue. Nothing waits here: whoever wants to know asks from time to time.
 */
import { constants } from 'node:os';
import { readMessageAttributes, readMessages, readText } from '../netlink/message-reader.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import type { NftablesConnection } from './nftables-connection.ts';
import { chainAttribute, nftablesSubsystem, nftMessage, ruleAttribute, tableFamily } from './numbers.ts';
import type { TableName } from './transaction.ts';

/** `NFNLGRP_NFTABLES` */
const changesGroup = 7;
/** What tables, chains, rules, sets and elements name their table by in their messages. */
const nameOfTable = 1;
/** By the type of message, what it names its chain by. */
const nameOfChainIn: ReadonlyMap<number, number> = new Map([
  ...[nftMessage.newChain, nftMessage.deleteChain].map((type) => [type, chainAttribute.name] as const),
  ...[nftMessage.newRule, nftMessage.deleteRule].map((type) => [type, ruleAttribute.chain] as const),
]);
const generations: readonly number[] = [nftMessage.newGeneration, nftMessage.getGeneration];

/** What is listened for. */
export interface WatchedChanges {
  /** Whose changes are not told; undefined: everybody's are. */
  readonly own?: NftablesConnection;
  readonly tables: readonly TableName[];
  /** Of changes of chains and rules only those of chains with such a name. Default: all. */
  readonly isChain?: (name: string) => boolean;
}

/** A socket that listens; {@link close} ends it. */
export class NftablesChangeWatch {
  readonly #socket = new NetlinkSocket();
  readonly #tables: readonly TableName[];
  readonly #isChain: (name: string) => boolean;

  /** In the current network namespace; changes are heard from {@link listen} on. */
  constructor({ own, tables, isChain = () => true }: WatchedChanges) {
    this.#tables = tables;
    this.#isChain = isChain;
    try {
      if (own !== undefined) this.#socket.ignore(own.portId);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** From now on the kernel tells of changes, which makes every change, also one's own, take a little longer. */
  listen(): void {
    this.#socket.join(changesGroup);
  }

  /** Whether others have changed a table since the last call, or may have: so many changes came that some were not told. */
  hasChanged(): boolean {
    let changed = false;
    for (;;) {
      try {
        const datagram = this.#socket.receive();
        if (datagram === undefined) return changed;
        changed ||= this.#concerns(datagram);
      } catch (error) {
        if (!(error instanceof NetlinkError && error.errno === constants.errno.ENOBUFS)) throw error;
        changed = true;
      }
    }
  }

  close(): void {
    this.#socket.close();
  }

  #concerns(datagram: Buffer): boolean {
    return readMessages(datagram).some((message) => {
      if (message.type >> 8 !== nftablesSubsystem || generations.includes(message.type)) return false;
      const attributes = readMessageAttributes(message);
      const name = readText(attributes.get(nameOfTable));
      if (!this.#tables.some((table) => tableFamily[table.family] === message.payload[0] && table.name === name)) return false;
      const nameOfChain = nameOfChainIn.get(message.type);
      return nameOfChain === undefined || this.#isChain(readText(attributes.get(nameOfChain)));
    });
  }
}
