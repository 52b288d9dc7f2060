/**
 * The C library calls that namespaces, sockets and terminals need, bound once through koffi.
 *
 * Nothing outside `kernel` sees this file: the other files give the calls their meaning. Every call
 * here is synchronous and runs on the calling thread, which is what makes `setns` usable at all.
 */
import { constants } from 'node:os';
import koffi from 'koffi';

type Library = ReturnType<typeof koffi.load>;
/** What koffi makes of a prototype; `async` makes the call in another thread. */
type LibcCall = ReturnType<Library['func']>;

let library: Library | undefined;

/** The call, bound when it is first made: where there is no such library (Windows), the package loads all the same. */
export function libcCall(prototype: string): LibcCall {
  let bound: LibcCall | undefined;
  const call = (): LibcCall => {
    library ??= koffi.load('libc.so.6');
    bound ??= library.func(prototype);
    return bound;
  };
  const direct = (...values: unknown[]): unknown => call()(...values) as unknown;
  return Object.assign(direct, { async: (...values: unknown[]): unknown => call().async(...values) as unknown }) as unknown as LibcCall;
}

/** int setns(int fd, int nstype); see setns(2). */
export const setns = libcCall('int setns(int, int)') as (fd: number, type: number) => number;
/** int unshare(int flags); see unshare(2). */
export const unshare = libcCall('int unshare(int)') as (flags: number) => number;
/** int mount(source, target, type, flags, data); see mount(2). */
export const mount = libcCall('int mount(const char *, const char *, const char *, unsigned long, void *)') as (
  source: string,
  target: string,
  type: string,
  ...rest: [flags: number, data: null]
) => number;
/** int umount2(target, flags); see umount2(2). */
export const umount2 = libcCall('int umount2(const char *, int)') as (target: string, flags: number) => number;
/** int socket(domain, type, protocol); see socket(2). */
export const socket = libcCall('int socket(int, int, int)') as (domain: number, type: number, protocol: number) => number;
/** int bind(fd, address, length); see bind(2). */
export const bind = libcCall('int bind(int, const uint8_t *, uint32_t)') as (fd: number, address: Uint8Array, length: number) => number;
/** int listen(fd, backlog); see listen(2). */
export const listen = libcCall('int listen(int, int)') as (fd: number, backlog: number) => number;
/** int setsockopt(fd, level, name, value, length); see setsockopt(2). */
export const setsockopt = libcCall('int setsockopt(int, int, int, const uint8_t *, uint32_t)') as (
  fd: number,
  level: number,
  name: number,
  ...value: [bytes: Uint8Array, length: number]
) => number;
/** int close(fd); see close(2). */
export const close = libcCall('int close(int)') as (fd: number) => number;
/** int ioctl(fd, request, argument) with a pointer argument; see ioctl(2). */
export const ioctl = libcCall('int ioctl(int, unsigned long, uint8_t *)') as (fd: number, request: number, argument: Uint8Array) => number;
/** int openpty(master, slave, name, termios, winsize); see openpty(3). */
export const openpty = libcCall('int openpty(_Out_ int *, _Out_ int *, void *, void *, const uint8_t *)') as (
  master: number[],
  slave: number[],
  ...rest: [name: null, termios: null, size: Uint8Array]
) => number;

/** int tcgetattr(fd, termios); see termios(3). */
export const tcgetattr = libcCall('int tcgetattr(int, _Inout_ uint8_t *)') as (fd: number, termios: Uint8Array) => number;
/** int tcsetattr(fd, actions, termios); see termios(3). */
export const tcsetattr = libcCall('int tcsetattr(int, int, const uint8_t *)') as (
  fd: number,
  actions: number,
  termios: Uint8Array,
) => number;
/** void cfmakeraw(termios); see termios(3). */
export const cfmakeraw = libcCall('void cfmakeraw(_Inout_ uint8_t *)') as (termios: Uint8Array) => void;

/** int prctl(option, ...); see prctl(2). */
export const prctl = libcCall('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)') as (
  option: number,
  argument: number,
  ...rest: [0, 0, 0]
) => number;
/** int capset(header, data); see capset(2). */
export const capset = libcCall('int capset(uint8_t *, const uint8_t *)') as (header: Uint8Array, data: Uint8Array) => number;
/** int fcntl(fd, command, argument); see fcntl(2). */
export const fcntl = libcCall('int fcntl(int, int, long)') as (fd: number, command: number, argument: number) => number;
/** int execve(path, arguments, environment), both ending in null; see execve(2). Returns only when it failed. */
export const execve = libcCall('int execve(const char *, const char **, const char **)') as (
  path: string,
  arguments_: readonly (string | null)[],
  environment: readonly (string | null)[],
) => number;

const codeByErrno = new Map<number, string>(Object.entries(constants.errno).map(([code, errno]) => [errno, code]));

/** A system call failed: `code` is the errno's name (`ECONNREFUSED`), as in Node's own errors. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, what: string) {
    const code = codeByErrno.get(errno) ?? `errno ${errno}`;
    super(`${syscall} ${what}: ${code}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}

/** Returns the result of a call, or throws with the errno that it left; `what` names its object. */
export function checked(result: number, syscall: string, what: string): number {
  if (result < 0) throw new SystemCallError(syscall, koffi.errno(), what);
  return result;
}
