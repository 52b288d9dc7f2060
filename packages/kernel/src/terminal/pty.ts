/** Pseudo terminals: a pair of descriptors, and the size that the programs at its slave end see. */
import { cfmakeraw, checked, ioctl, openpty, tcgetattr, tcsetattr } from '../libc/libc.ts';

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Both ends of a terminal. The caller closes both. */
export interface PtyDescriptors {
  /** The end that a person's program reads and writes; wrap it in `tty.ReadStream`. End of stream is EIO. */
  readonly master: number;
  /** The end that becomes a child's standard input, output and error. */
  readonly slave: number;
}

const tiocswinsz = 0x5414;
/** Closes a descriptor in whatever program is started (ioctl(2)); openpty(3) takes no flag for it. */
const fioclex = 0x5451;
const tcsanow = 0;
/** struct termios of glibc on Linux is 60 bytes; some room is left. */
const termiosBytes = 128;

/**
 * Opens a pair; without a size it starts as 80 by 24, as terminals do. No program that is started inherits an end unless
 * it is given it: one that held the master would never see its terminal hang up.
 */
export function openPty(size: TerminalSize = { columns: 80, rows: 24 }): PtyDescriptors {
  const master = [0];
  const slave = [0];
  checked(openpty(master, slave, null, null, windowSize(size)), 'openpty', 'pair');
  const pair = { master: master[0] ?? -1, slave: slave[0] ?? -1 };
  for (const end of [pair.master, pair.slave]) checked(ioctl(end, fioclex, new Uint8Array(1)), 'ioctl', 'FIOCLEX');
  return pair;
}

/** Changes the size; the kernel tells the foreground processes by SIGWINCH. */
export function resizePty(master: number, size: TerminalSize): void {
  checked(ioctl(master, tiocswinsz, windowSize(size)), 'ioctl', 'TIOCSWINSZ');
}

/** struct winsize: rows, columns, and two pixel sizes that nobody fills. */
function windowSize(size: TerminalSize): Uint8Array {
  return new Uint8Array(new Uint16Array([size.rows, size.columns, 0, 0]).buffer);
}

/** Switches echo, line editing and translation off: whoever reads the slave gets the bytes as they come. */
export function makeRaw(fd: number): void {
  const termios = new Uint8Array(termiosBytes);
  checked(tcgetattr(fd, termios), 'tcgetattr', 'terminal');
  cfmakeraw(termios);
  checked(tcsetattr(fd, tcsanow, termios), 'tcsetattr', 'terminal');
}
