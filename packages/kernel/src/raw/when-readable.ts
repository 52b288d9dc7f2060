/**
 * Tells when descriptors that Node has no class for can be read: one epoll(7) for all of them, waited for in
 * a thread of Node's pool, so that the event loop goes on. Nobody waits while there is no descriptor.
 */
import { checked, libcCall } from '../libc/libc.ts';

const epollCreate = libcCall('int epoll_create1(int)') as (flags: number) => number;
const epollControl = libcCall('int epoll_ctl(int, int, int, const uint8_t *)') as (
  ...args: [epoll: number, operation: number, fd: number, event: Uint8Array]
) => number;
const epollWait = libcCall('int epoll_wait(int, _Out_ uint8_t *, int, int)');

const closeOnExec = 0o2000000;
const control = { add: 1, remove: 2 } as const;
const readable = 1;

/** `struct epoll_event` is packed on x86-64 only. */
const eventBytes = process.arch === 'x64' ? 12 : 16;
const dataOffset = eventBytes - 8;
const eventsMax = 64;

/** The longest wait, in milliseconds: how long a thread is held after the last descriptor has gone. */
const waitMs = 1_000;

const callbacks = new Map<number, () => void>();
let epoll: number | undefined;
let isWaiting = false;

/** Calls back whenever the descriptor can be read, until the returned function is called; that comes before it is closed. */
export function whenReadable(fd: number, callback: () => void): () => void {
  epoll ??= checked(epollCreate(closeOnExec), 'epoll_create1', '');
  const own = epoll;
  const event = Buffer.alloc(eventBytes);
  event.writeUInt32LE(readable, 0);
  event.writeUInt32LE(fd, dataOffset);
  checked(epollControl(own, control.add, fd, event), 'epoll_ctl', String(fd));
  callbacks.set(fd, callback);
  wait();
  return () => {
    if (callbacks.get(fd) !== callback) return;
    callbacks.delete(fd);
    checked(epollControl(own, control.remove, fd, event), 'epoll_ctl', String(fd));
  };
}

function wait(): void {
  if (isWaiting || epoll === undefined || callbacks.size === 0) return;
  isWaiting = true;
  const events = Buffer.alloc(eventBytes * eventsMax);
  epollWait.async(epoll, events, eventsMax, waitMs, (_error: unknown, count: number) => {
    isWaiting = false;
    for (let i = 0; i < count; i++) callbacks.get(events.readUInt32LE(i * eventBytes + dataOffset))?.();
    wait();
  });
}
