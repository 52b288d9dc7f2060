/**
 * Socket descriptors that belong to a namespace, and their addresses as the kernel takes them.
 *
 * A socket belongs for ever to the namespace in which `socket(2)` was called. That is why the
 * descriptors are made here by libc inside one synchronous section; connecting them, reading and
 * writing may happen later, from anywhere, through Node's own classes.
 */
import { type Address, addressToBytes, assert, parseAddress } from '@weir/net';
import { bind, checked, close, setsockopt, socket } from '../libc/libc.ts';
import { inNetns } from '../netns/in-netns.ts';

/** What to open and where to bind it. */
export interface SocketDescriptorOptions {
  /** Name or path of the namespace; absent: the process's own. */
  readonly netns: string | undefined;
  readonly kind: 'tcp' | 'udp';
  /** Address (literal, either family) that decides the family and, with `port`, where to bind. */
  readonly address: string;
  /** Port to bind; undefined: do not bind at all. */
  readonly port: number | undefined;
}

const socketType = { tcp: 1, udp: 2 } as const;
const nonblockAndCloexec = 0o4000 | 0o2000000;
const solSocket = 1;
const soReuseaddr = 2;
const ipprotoIpv6 = 41;
const ipv6V6only = 26;

/** Opens the descriptor, non-blocking; throws a SystemCallError (`EADDRINUSE`, `EADDRNOTAVAIL`, …). */
export function openSocketDescriptor(options: SocketDescriptorOptions): number {
  return options.netns === undefined ? open(options) : inNetns(options.netns, () => open(options));
}

function open(options: SocketDescriptorOptions): number {
  const address = literal(options.address);
  const family = address.family === 4 ? 2 : 10;
  const fd = checked(socket(family, socketType[options.kind] | nonblockAndCloexec, 0), 'socket', options.kind);
  try {
    if (options.port !== undefined) bindDescriptor(fd, options, address);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

function bindDescriptor(fd: number, options: SocketDescriptorOptions, address: Address): void {
  const port = options.port ?? 0;
  if (options.kind === 'tcp') setOption(fd, solSocket, soReuseaddr, 1);
  // Listening on :: also takes IPv4 clients, as Go's servers do when no address is given.
  if (address.family === 6) setOption(fd, ipprotoIpv6, ipv6V6only, 0);
  const bytes = socketAddress(address, port);
  checked(bind(fd, bytes, bytes.length), 'bind', `${options.address} port ${port}`);
}

function setOption(fd: number, level: number, name: number, value: number): void {
  const bytes = new Uint8Array(new Int32Array([value]).buffer);
  checked(setsockopt(fd, level, name, bytes, bytes.length), 'setsockopt', String(name));
}

/** struct sockaddr_in or sockaddr_in6. The family is in host order (this machine's), the rest in network order. */
function socketAddress(address: Address, port: number): Uint8Array {
  const bytes = new Uint8Array(address.family === 4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  new Uint16Array(bytes.buffer, 0, 1)[0] = address.family === 4 ? 2 : 10;
  view.setUint16(2, port);
  bytes.set(addressToBytes(address), address.family === 4 ? 4 : 8);
  return bytes;
}

function literal(text: string): Address {
  const address = parseAddress(text);
  assert(address !== undefined, `not a literal address: ${text}`);
  return address;
}
