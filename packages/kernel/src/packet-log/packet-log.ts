/**
 * Packets that rules send to a netlink log group (nfnetlink_log), of the current network namespace.
 *
 * One process at a time listens to a group. The kernel collects packets for some milliseconds. They are
 * numbered, so what was dropped on the way is known exactly once the next one comes.
 */
import { constants } from 'node:os';
import type { Flow } from '@weir/net';
import { type ConntrackTuple, readOriginal } from '../conntrack/conntrack-entry.ts';
import { controlMessage, messageFlag, readAnswer, readAttributes, readMessages, readText } from '../netlink/message-reader.ts';
import { MessageWriter } from '../netlink/message-writer.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { readFlow } from './packet-header.ts';

/** Numbers of linux/netfilter/nfnetlink_log.h; only those in use here. */
const logMessage = { packet: 0x400, configure: 0x401 } as const;
const configAttribute = { command: 1, mode: 2, timeout: 4, flags: 6 } as const;
const packetAttribute = { payload: 9, prefix: 10, sequence: 12, connection: 18 } as const;
const bindCommand = 1;
const copyPacket = 2;
const configFlag = { numbered: 1, withConnection: 4 } as const;
/** How long the kernel collects packets for one datagram, in hundredths of a second; at most a hundred packets. */
const collectTime = 2;

const queueBytesDefault = 4 * 1024 * 1024;

/** What to listen to. */
export interface PacketLogOptions {
  readonly group: number;
  /** How many bytes of each packet are copied. */
  readonly bytes: number;
  /** What the kernel keeps that was not read yet. Default 4 MiB. */
  readonly queueBytes?: number;
}

/**
 * One logged packet: the prefix of the rule that logged it, and what its headers say. `original` is what the opener of its
 * connection sent, before any translation; absent where the packet is not tracked or the kernel cannot tell.
 */
export interface LoggedPacket {
  readonly prefix: string;
  readonly flow: Flow;
  readonly original?: ConntrackTuple;
}

/** What was read at once. */
export interface PacketBatch {
  readonly packets: readonly LoggedPacket[];
  /** Packets that were logged and never arrived, or whose headers were cut off. */
  readonly lost: number;
}

/** A socket that is bound to a group; opened in the namespace of the calling thread. */
export class PacketLog {
  readonly #socket: NetlinkSocket;
  #nextSequence: number | undefined;
  #tellsConnections = true;

  /** Throws `refused` when another process listens to the group. */
  constructor({ group, bytes, queueBytes = queueBytesDefault }: PacketLogOptions) {
    this.#socket = new NetlinkSocket({ queueBytes });
    try {
      this.#configure(group, bytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether this kernel tells of the packets' connections. */
  get tellsConnections(): boolean {
    return this.#tellsConnections;
  }

  /** What has come since the last call, at most `readsMax` datagrams; never waits. */
  read(readsMax: number): PacketBatch {
    const packets: LoggedPacket[] = [];
    let lost = 0;
    for (let reads = 0; reads < readsMax; reads++) {
      try {
        const datagram = this.#socket.receive();
        if (datagram === undefined) break;
        for (const message of readMessages(datagram)) {
          if (message.type !== logMessage.packet) continue;
          const attributes = readAttributes(message.payload.subarray(4));
          lost += this.#missing(attributes.get(packetAttribute.sequence)?.readUInt32BE(0));
          const flow = readFlow(attributes.get(packetAttribute.payload) ?? Buffer.alloc(0));
          if (flow === undefined) lost++;
          else packets.push({ prefix: readText(attributes.get(packetAttribute.prefix)), flow, ...originalOf(attributes) });
        }
      } catch (error) {
        // The numbers of the packets tell how many.
        if (!(error instanceof NetlinkError && error.code === 'uncertain')) throw error;
      }
    }
    return { packets, lost };
  }

  close(): void {
    this.#socket.close();
  }

  #missing(sequence: number | undefined): number {
    if (sequence === undefined) return 0;
    const expected = this.#nextSequence ?? sequence;
    this.#nextSequence = (sequence + 1) >>> 0;
    return (sequence - expected) >>> 0;
  }

  #configure(group: number, bytes: number): void {
    const mode = Buffer.alloc(6);
    mode.writeUInt32BE(bytes, 0);
    mode[4] = copyPacket;
    this.#request(group, (writer) => writer.u8(configAttribute.command, bindCommand));
    this.#request(group, (writer) => {
      writer.raw(configAttribute.mode, mode);
      writer.u32(configAttribute.timeout, collectTime);
    });
    try {
      this.#request(group, (writer) => writer.u16(configAttribute.flags, configFlag.numbered | configFlag.withConnection));
    } catch (error) {
      // A kernel that was built without this (CONFIG_NETFILTER_NETLINK_GLUE_CT) tells of packets alone.
      if (!(error instanceof NetlinkError && error.errno === constants.errno.EOPNOTSUPP)) throw error;
      this.#tellsConnections = false;
      this.#request(group, (writer) => writer.u16(configAttribute.flags, configFlag.numbered));
    }
  }

  #request(group: number, write: (writer: MessageWriter) => void): void {
    const writer = new MessageWriter(64);
    const sequence = this.#socket.nextSequence();
    const flags = messageFlag.request | messageFlag.ack;
    const start = writer.beginMessage({ type: logMessage.configure, flags, sequence, family: 0, resource: group });
    write(writer);
    writer.endMessage(start);
    this.#socket.send(writer.bytes());
    for (let datagram = this.#socket.receive(); datagram !== undefined; datagram = this.#socket.receive()) {
      for (const message of readMessages(datagram)) {
        if (message.type !== controlMessage.error || message.sequence !== sequence) continue;
        const { errno, text } = readAnswer(message);
        if (errno === 0) return;
        const isTaken = errno === constants.errno.EPERM || errno === constants.errno.EBUSY;
        const why = isTaken ? 'another process listens to it, or CAP_NET_ADMIN is missing' : (text ?? 'the kernel refuses');
        throw new NetlinkError('refused', errno, `cannot listen to log group ${group}: ${why}`);
      }
    }
  }
}

function originalOf(attributes: ReadonlyMap<number, Buffer>): Pick<LoggedPacket, 'original'> {
  const connection = attributes.get(packetAttribute.connection);
  const original = connection === undefined ? undefined : readOriginal(connection);
  return original === undefined ? {} : { original };
}
