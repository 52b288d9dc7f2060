/**
 * A netlink socket of the current network namespace, by synchronous libc calls.
 *
 * Netlink answers a request inside `send`: when the call returns, everything that the kernel has
 * to say is queued. Reading never waits, so the calls are short and need no event loop (Node's own
 * socket classes refuse netlink descriptors).
 */
import { constants } from 'node:os';
import { assert } from '@weir/net';
import koffi from 'koffi';
import { controlMessage, messageFlag, type NetlinkMessage, readAnswer, readMessages } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { NetlinkError } from './netlink-error.ts';

const libc = koffi.load('libc.so.6');
const socketCall = libc.func('int socket(int domain, int type, int protocol)') as (
  domain: number,
  type: number,
  protocol: number,
) => number;
const bindCall = libc.func('int bind(int fd, const void *address, uint32_t length)') as (
  fd: number,
  address: Buffer,
  length: number,
) => number;
const closeCall = libc.func('int close(int fd)') as (fd: number) => number;
const optionCall = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)') as (
  ...args: [number, number, number, Buffer, number]
) => number;
const sendFunction = libc.func('intptr_t send(int fd, const void *bytes, size_t length, int flags)');
const sendCall = sendFunction as unknown as (...args: [number, Buffer, number, number]) => number;
const receiveCall = libc.func('intptr_t recv(int fd, _Out_ void *bytes, size_t length, int flags)') as (
  ...args: [number, Buffer, number, number]
) => number;

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;

/** The protocols of netlink that are spoken here: links and routes; nf_tables, conntrack and logs. */
export const netlinkProtocol = { route: 0, netfilter: 12 } as const;

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

  /** The descriptor, for an event loop that waits for notifications. */
  get fd(): number {
    return this.#fd;
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
  dump(options: DumpOptions): void {
    for (let attempt = 0; attempt < dumpAttemptsMax; attempt++) {
      this.drain();
      options.restart();
      const sequence = this.nextSequence();
      options.writer.clear();
      options.write(options.writer, sequence);
      this.send(options.writer.bytes());
      if (this.#readDump(sequence, options.take)) return;
    }
    throw new NetlinkError('interrupted', 0, `a dump was interrupted ${dumpAttemptsMax} times by changes of others`);
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

  /** Whether the dump came whole; false when it has to start over. */
  #readDump(sequence: number, take: (message: NetlinkMessage) => void): boolean {
    let interrupted = false;
    for (;;) {
      const datagram = this.receive();
      if (datagram === undefined) throw new NetlinkError('uncertain', 0, 'a dump ended without its last message');
      for (const message of readMessages(datagram)) {
        if (message.sequence !== sequence) continue;
        if ((message.flags & messageFlag.dumpInterrupted) !== 0) interrupted = true;
        if (message.type === controlMessage.done || message.type === controlMessage.error) {
          const answer = readAnswer(message);
          if (answer.errno === constants.errno.EINTR) return false;
          if (answer.errno !== 0) throw new NetlinkError('refused', answer.errno, answer.text ?? 'the kernel refused a dump');
          return !interrupted;
        }
        take(message);
      }
    }
  }

  #setOption(level: number, name: number, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    check(optionCall(this.#fd, level, name, bytes, 4), `cannot set socket option ${level}/${name}`);
  }
}

/** What {@link NetlinkSocket.dump} needs. */
export interface DumpOptions {
  readonly writer: MessageWriter;
  readonly write: (writer: MessageWriter, sequence: number) => void;
  readonly take: (message: NetlinkMessage) => void;
  /** Called before each attempt; forgets what an interrupted one has taken. */
  readonly restart: () => void;
}

function check(result: number, text: string): number {
  if (result < 0) throw new NetlinkError('system', koffi.errno(), text);
  return result;
}
