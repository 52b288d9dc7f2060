/**
 * A netlink socket of the current network namespace, by synchronous libc calls.
 *
 * Netlink answers a request inside `send`: when the call returns, everything that the kernel has
 * to say is queued. Reading never waits, so the calls are short and need no event loop (Node's own
 * socket classes refuse netlink descriptors).
 */
import { constants, endianness } from 'node:os';
import { assert } from '@weir/net';
import koffi from 'koffi';
import { libcCall } from '../libc/libc.ts';
import { controlMessage, messageFlag, type NetlinkMessage, readAnswer, readMessages } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { NetlinkError } from './netlink-error.ts';
import { PieceTurns } from './piece-turns.ts';

const filterBytes = koffi.sizeof(koffi.struct('weir_sock_fprog', { length: 'uint16_t', program: 'const void *' }));
const socketCall = libcCall('int socket(int domain, int type, int protocol)') as (domain: number, type: number, protocol: number) => number;
const bindCall = libcCall('int bind(int fd, const void *address, uint32_t length)') as (
  fd: number,
  address: Buffer,
  length: number,
) => number;
const nameCall = libcCall('int getsockname(int fd, _Out_ void *address, _Inout_ void *length)') as (
  fd: number,
  address: Buffer,
  length: Buffer,
) => number;
const filterCall = libcCall('int setsockopt(int fd, int level, int name, const weir_sock_fprog *value, uint32_t length)') as (
  ...args: [number, number, number, { readonly length: number; readonly program: Buffer }, number]
) => number;
const closeCall = libcCall('int close(int fd)') as (fd: number) => number;
const optionCall = libcCall('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)') as (
  ...args: [number, number, number, Buffer, number]
) => number;
const sendFunction = libcCall('intptr_t send(int fd, const void *bytes, size_t length, int flags)');
const sendCall = sendFunction as unknown as (...args: [number, Buffer, number, number]) => number;
const receiveCall = libcCall('intptr_t recv(int fd, _Out_ void *bytes, size_t length, int flags)') as (
  ...args: [number, Buffer, number, number]
) => number;

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;

/** The protocols of netlink that are spoken here: links and routes; nf_tables, conntrack and logs. */
export const netlinkProtocol = { route: 0, netfilter: 12 } as const;

const hostLittleEndian = endianness() === 'LE';
const receiveBytesDefault = 256 * 1024;
const receiveQueueBytes = 32 * 1024 * 1024;
const dumpAttemptsMax = 20;

/** What to open. */
export interface NetlinkSocketOptions {
  /** `NETLINK_*`; default netfilter's. */
  readonly protocol?: number;
  /** What the kernel keeps of answers and notifications that were not read yet. Default 32 MiB. */
  readonly queueBytes?: number;
  /** The longest datagram that can be read. Default 256 KiB: the answers to a large transaction come in one. */
  readonly receiveBytes?: number;
}

/** One socket; requests and answers of one at a time. */
export class NetlinkSocket {
  readonly #fd: number;
  readonly #receiveBuffer: Buffer;
  #sendQueueBytes = 0;
  #sequence = 0;
  #closed = false;

  /** Opens a socket in the network namespace of the calling thread; it stays in that one. */
  constructor({
    protocol = netlinkProtocol.netfilter,
    queueBytes = receiveQueueBytes,
    receiveBytes = receiveBytesDefault,
  }: NetlinkSocketOptions = {}) {
    this.#receiveBuffer = Buffer.allocUnsafe(receiveBytes);
    this.#fd = check(socketCall(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), 'cannot open a netlink socket');
    try {
      const address = Buffer.alloc(12);
      address.writeUInt16LE(AF_NETLINK);
      check(bindCall(this.#fd, address, address.length), 'cannot bind the netlink socket');
      this.#setOption(SOL_NETLINK, NETLINK_CAP_ACK, 1);
      this.#setOption(SOL_NETLINK, NETLINK_EXT_ACK, 1);
      this.#setOption(SOL_SOCKET, SO_RCVBUFFORCE, queueBytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The address of the socket in netlink, by which the kernel tells who asked for a change. */
  get portId(): number {
    const address = Buffer.alloc(12);
    const length = Buffer.alloc(4);
    length.writeInt32LE(address.length);
    check(nameCall(this.#fd, address, length), 'cannot read the address of the netlink socket');
    return address.readUInt32LE(4);
  }

  /** A sequence number that this socket has not used yet. */
  nextSequence(): number {
    this.#sequence = this.#sequence === 0xffffffff ? 1 : this.#sequence + 1;
    return this.#sequence;
  }

  /** Joins a multicast group (`NFNLGRP_*`). */
  join(group: number): void {
    this.#setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
  }

  /** From now on the kernel queues nothing here that tells of a change that the socket with this address asked for. */
  ignore(portId: number): void {
    // A classic BPF program: the word at 12, nlmsg_pid, comes swapped on little-endian machines.
    const swapped = Buffer.alloc(4);
    swapped.writeUInt32LE(portId);
    const program = Buffer.concat([
      instruction(0x20, 12),
      instruction(0x15, hostLittleEndian ? swapped.readUInt32BE() : portId, 1),
      instruction(0x06, 0xffffffff),
      instruction(0x06, 0),
    ]);
    check(filterCall(this.#fd, SOL_SOCKET, SO_ATTACH_FILTER, { length: 4, program }, filterBytes), 'cannot filter a netlink socket');
  }

  /** Sends one datagram. A batch must be one datagram, so the send buffer grows to its size. */
  send(bytes: Buffer): void {
    assert(!this.#closed, 'the netlink socket is closed');
    if (bytes.length > this.#sendQueueBytes) {
      this.#sendQueueBytes = Math.max(bytes.length + 65536, 1024 * 1024);
      this.#setOption(SOL_SOCKET, SO_SNDBUFFORCE, this.#sendQueueBytes);
    }
    let sent = sendCall(this.#fd, bytes, bytes.length, 0);
    while (sent < 0 && koffi.errno() === constants.errno.EINTR) sent = sendCall(this.#fd, bytes, bytes.length, 0);
    check(sent, `cannot send ${bytes.length} bytes to netlink`);
  }

  /**
   * Sends one datagram from another thread: for requests that the kernel takes long for. Nothing else
   * may be done with the socket meanwhile. Resolves when the kernel has answered it.
   */
  sendElsewhere(bytes: Buffer): Promise<void> {
    assert(!this.#closed, 'the netlink socket is closed');
    return new Promise((resolve, reject) => {
      sendFunction.async(this.#fd, bytes, bytes.length, 0, (error: Error | null, sent: number) => {
        if (error !== null) reject(error);
        else if (sent < 0) reject(new NetlinkError('system', 0, `cannot send ${bytes.length} bytes to netlink`));
        else resolve();
      });
    });
  }

  /**
   * The next queued datagram, or undefined when none waits. The bytes are valid until the next
   * call. Throws `uncertain` when the kernel had to drop answers.
   */
  receive(): Buffer | undefined {
    assert(!this.#closed, 'the netlink socket is closed');
    const receiveBytes = this.#receiveBuffer.length;
    for (;;) {
      const length = receiveCall(this.#fd, this.#receiveBuffer, receiveBytes, MSG_DONTWAIT | MSG_TRUNC);
      if (length >= 0) {
        assert(length <= receiveBytes, `a netlink datagram of ${length} bytes does not fit`);
        return this.#receiveBuffer.subarray(0, length);
      }
      const errno = koffi.errno();
      if (errno === constants.errno.EAGAIN) return undefined;
      if (errno === constants.errno.ENOBUFS) throw new NetlinkError('uncertain', errno, 'the kernel dropped netlink answers');
      if (errno !== constants.errno.EINTR) throw new NetlinkError('system', errno, 'cannot read from netlink');
    }
  }

  /**
   * Runs a dump and gives every message to `take`; starts over when the dumped objects changed
   * meanwhile (NLM_F_DUMP_INTR), after `restart`. `write` writes the request with the sequence
   * number; its flags must hold `request | dump`. An object that is not there: errno ENOENT.
   */
  dump({ restart, take, ...request }: DumpOptions): void {
    for (let attempt = 0; attempt < dumpAttemptsMax; attempt++) {
      restart();
      try {
        for (const messages of this.dumpOnce(request)) for (const message of messages) take(message);
        return;
      } catch (error) {
        if (!(error instanceof NetlinkError && error.code === 'interrupted')) throw error;
      }
    }
    throw interruptedTooOften();
  }

  /**
   * The same in pieces of some milliseconds, between which others have their turn, but not with this
   * socket: for dumps of which nobody knows how long they are.
   */
  async dumpByPieces({ restart, take, ...request }: DumpOptions): Promise<void> {
    const turns = new PieceTurns();
    for (let attempt = 0; attempt < dumpAttemptsMax; attempt++) {
      restart();
      try {
        for (const messages of this.dumpOnce(request)) {
          for (const message of messages) take(message);
          await turns.give();
        }
        return;
      } catch (error) {
        if (!(error instanceof NetlinkError && error.code === 'interrupted')) throw error;
      }
    }
    throw interruptedTooOften();
  }

  /**
   * One attempt of a dump, datagram by datagram; between two of them the caller may do other things,
   * but not with this socket. Messages are valid until the next ones. Throws `interrupted` when the
   * dumped objects changed meanwhile, and otherwise as {@link dump}.
   */
  *dumpOnce({ writer, write }: DumpRequest): Generator<readonly NetlinkMessage[], void> {
    this.drain();
    const sequence = this.nextSequence();
    writer.clear();
    write(writer, sequence);
    this.send(writer.bytes());
    let interrupted = false;
    for (;;) {
      const datagram = this.receive();
      if (datagram === undefined) throw new NetlinkError('uncertain', 0, 'a dump ended without its last message');
      const messages: NetlinkMessage[] = [];
      let end: NetlinkMessage | undefined;
      for (const message of readMessages(datagram)) {
        if (message.sequence !== sequence) continue;
        interrupted ||= (message.flags & messageFlag.dumpInterrupted) !== 0;
        if (message.type === controlMessage.done || message.type === controlMessage.error) end ??= message;
        else messages.push(message);
      }
      const { errno, text } = end === undefined ? { errno: 0 } : readAnswer(end);
      if (errno !== 0 && errno !== constants.errno.EINTR) throw new NetlinkError('refused', errno, text ?? 'the kernel refused a dump');
      if (interrupted || errno !== 0) throw new NetlinkError('interrupted', 0, 'a dump was interrupted by a change');
      yield messages;
      if (end !== undefined) return;
    }
  }

  /** Reads and forgets whatever waits. */
  drain(): void {
    for (;;) {
      try {
        if (this.receive() === undefined) return;
      } catch (error) {
        if (!(error instanceof NetlinkError && error.code === 'uncertain')) throw error;
      }
    }
  }

  /** Closes the descriptor; calling it again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeCall(this.#fd);
  }

  #setOption(level: number, name: number, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    check(optionCall(this.#fd, level, name, bytes, 4), `cannot set socket option ${level}/${name}`);
  }
}

/** A dump to ask for. */
export interface DumpRequest {
  readonly writer: MessageWriter;
  readonly write: (writer: MessageWriter, sequence: number) => void;
}

/** What {@link NetlinkSocket.dump} needs. */
export interface DumpOptions extends DumpRequest {
  readonly take: (message: NetlinkMessage) => void;
  /** Called before each attempt; forgets what an interrupted one has taken. */
  readonly restart: () => void;
}

/** One instruction of classic BPF (`struct sock_filter`): a comparison skips `skip` instructions when it holds. */
function instruction(code: number, value: number, skip = 0): Buffer {
  const bytes = Buffer.alloc(8);
  const host = new DataView(bytes.buffer, bytes.byteOffset);
  host.setUint16(0, code, hostLittleEndian);
  host.setUint8(2, skip);
  host.setUint32(4, value, hostLittleEndian);
  return bytes;
}

function interruptedTooOften(): NetlinkError {
  return new NetlinkError('interrupted', 0, `a dump was interrupted ${dumpAttemptsMax} times by changes of others`);
}

function check(result: number, text: string): number {
  if (result < 0) throw new NetlinkError('system', koffi.errno(), text);
  return result;
}
