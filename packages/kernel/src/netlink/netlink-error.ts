/** The error of netlink conversations: a closed set of codes, the kernel's errno and its text. */
import { getSystemErrorName } from 'node:util';

/**
 * `refused`: the kernel refused a request, nothing of it is in force. `uncertain`: answers were
 * lost (ENOBUFS), what is in force must be read back. `interrupted`: a dump changed under the
 * reader more often than it was retried. `system`: a system call failed.
 */
export type NetlinkErrorCode = 'refused' | 'uncertain' | 'interrupted' | 'system';

/** A failed conversation with the kernel. */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
  readonly code: NetlinkErrorCode;
  /** Positive errno, or 0 when there is none. */
  readonly errno: number;

  constructor(code: NetlinkErrorCode, errno: number, text: string) {
    super(errno === 0 ? text : `${text}: ${errnoName(errno)}`);
    this.code = code;
    this.errno = errno;
  }
}

/** The name of a positive errno, such as `ENOENT`. */
export function errnoName(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `errno ${errno}`;
  }
}
