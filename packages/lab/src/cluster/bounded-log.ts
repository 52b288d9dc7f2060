/**
 * Log files of the cluster's processes, bounded in size.
 *
 * A child writes through a descriptor of its own (append mode), so that it goes on when the
 * supervisor dies. The supervisor looks at the size now and then, keeps the newest part beside the
 * log (`.1`) and empties it in place.
 */
import { closeSync, openSync, readFileSync, readSync, statSync, truncateSync, writeFileSync } from 'node:fs';

/** A log is cut when it is longer than this, in bytes. */
const logBytesMax: number = 16 * 1024 * 1024;

/** How much of a cut log is kept, in bytes. */
const keptBytes = 4 * 1024 * 1024;

/** Opens a log for a child to write to; the caller closes the descriptor after the start. */
export function openLog(path: string): number {
  return openSync(path, 'a', 0o600);
}

/** Cuts the log when it has become too long. */
export function boundLog(path: string, bytesMax: number = logBytesMax): void {
  let size: number;
  try {
    size = statSync(path).size;
  } catch {
    return;
  }
  if (size <= bytesMax) return;
  const kept = Buffer.alloc(Math.min(keptBytes, size));
  const fd = openSync(path, 'r');
  try {
    readSync(fd, kept, 0, kept.length, size - kept.length);
  } finally {
    closeSync(fd);
  }
  writeFileSync(`${path}.1`, kept, { mode: 0o600 });
  truncateSync(path);
}

/** The last lines of a log; empty when it cannot be read. */
export function lastLogLines(path: string, count: number): string[] {
  try {
    const text = readFileSync(path, 'utf8').trimEnd();
    return text === '' ? [] : text.split('\n').slice(-count);
  } catch {
    return [];
  }
}
