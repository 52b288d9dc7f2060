/**
 * Raw IP packets of a network namespace: sent with a header of the caller's making or the kernel's, received whole.
 *
 * For protocols that Node has no sockets for (SCTP, ICMP) and for packets that a decent sender would
 * not send (forged sources). Node refuses raw descriptors in its own classes, so calls here are
 * synchronous and receiving never waits; {@link RawSocket.follow} tells of packets as they come.
 */
import { constants } from 'node:os';
import { type Address, addressFromBytes, addressToBytes, assert, type ProtocolNumber } from '@weir/net';
import koffi from 'koffi';
import { checked, close, libcCall, socket } from '../libc/libc.ts';
import { inNetns } from '../netns/in-netns.ts';
import { whenReadable } from './when-readable.ts';

const sendto = libcCall('intptr_t sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)') as (
  ...args: [number, Uint8Array, number, number, Uint8Array, number]
) => number;
const recv = libcCall('intptr_t recv(int, _Out_ uint8_t *, size_t, int)') as (...args: [number, Buffer, number, number]) => number;
const recvfrom = libcCall('intptr_t recvfrom(int, _Out_ uint8_t *, size_t, int, _Out_ uint8_t *, _Inout_ uint32_t *)') as (
  ...args: [number, Buffer, number, number, Buffer, [number]]
) => number;

const afInet = 2;
const afInet6 = 10;
const sockRaw = 3;
const sockCloexec = 0o2000000;
const ipprotoRaw = 255;
const msgDontwait = 0x40;
const packetBytesMax = 65536;

/** What to open. */
export interface RawSocketOptions {
  /** Name or path of the namespace; absent: the process's own. */
  readonly netns?: string;
  readonly family: 4 | 6;
  /** The protocol to receive; absent: a socket that only sends. */
  readonly protocol?: ProtocolNumber;
}

/** A packet that came, without its IP header, and who sent it. */
export interface ReceivedPacket {
  readonly payload: Buffer;
  readonly source: Address;
}

/** A raw socket; the caller closes it. */
export class RawSocket {
  readonly #fd: number;
  readonly #family: 4 | 6;
  #unfollow: (() => void) | undefined;
  #isClosed = false;

  /** Throws `EPERM` without root. */
  constructor(options: RawSocketOptions) {
    this.#family = options.family;
    const domain = options.family === 4 ? afInet : afInet6;
    const open = (): number => checked(socket(domain, sockRaw | sockCloexec, options.protocol ?? ipprotoRaw), 'socket', 'raw');
    this.#fd = options.netns === undefined ? open() : inNetns(options.netns, open);
  }

  /** Sends a packet, routed by `destination`. It begins with its own IP header, unless the socket has a protocol: then the kernel writes that header. */
  send(packet: Uint8Array, destination: Address): void {
    assert(!this.#isClosed, 'the raw socket is closed');
    const name = this.#family === 4 ? Buffer.alloc(16) : Buffer.alloc(28);
    name.writeUInt16LE(this.#family === 4 ? afInet : afInet6);
    name.set(addressToBytes(destination), this.#family === 4 ? 4 : 8);
    checked(sendto(this.#fd, packet, packet.length, 0, name, name.length), 'sendto', 'raw');
  }

  /** The next packet that came, or undefined. IPv4 packets begin with their header, IPv6 packets behind it. */
  receive(): Buffer | undefined {
    assert(!this.#isClosed, 'the raw socket is closed');
    const packet = Buffer.alloc(packetBytesMax);
    const length = recv(this.#fd, packet, packet.length, msgDontwait);
    if (length < 0 && koffi.errno() === constants.errno.EAGAIN) return undefined;
    return packet.subarray(0, checked(length, 'recv', 'raw'));
  }

  /** Calls back for every packet that comes from now on, until the socket is closed. */
  follow(onPacket: (packet: ReceivedPacket) => void): void {
    this.#unfollow = whenReadable(this.#fd, () => {
      for (let packet = this.#receiveFrom(); packet !== undefined && this.#unfollow !== undefined; packet = this.#receiveFrom()) {
        onPacket(packet);
      }
    });
  }

  /** Only the first time: its number may be somebody else's by the second. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unfollow?.();
    this.#unfollow = undefined;
    close(this.#fd);
  }

  #receiveFrom(): ReceivedPacket | undefined {
    const packet = Buffer.alloc(packetBytesMax);
    const name = Buffer.alloc(28);
    const length = recvfrom(this.#fd, packet, packet.length, msgDontwait, name, [name.length]);
    if (length < 0 && koffi.errno() === constants.errno.EAGAIN) return undefined;
    const whole = packet.subarray(0, checked(length, 'recvfrom', 'raw'));
    const source = this.#family === 4 ? addressFromBytes(name.subarray(4, 8)) : addressFromBytes(name.subarray(8, 24));
    return { payload: this.#family === 4 ? whole.subarray(((whole[0] ?? 0) & 15) * 4) : whole, source };
  }
}
