/** Directories at paths that people name. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory with those above it that are missing; one that is there is left as it is. Throws what mkdir(2) says
 * of the first that cannot be made.
 *
 * Node's own recursion never ends where the kernel says ENOENT below a directory that exists, as it does in /proc.
 */
export function makeDirectory(path: string, mode: number = 0o777): void {
  const missing: string[] = [];
  for (let at = resolve(path); !isDirectory(at); at = dirname(at)) missing.push(at);
  for (const directory of missing.toReversed()) {
    try {
      mkdirSync(directory, { mode });
    } catch (error) {
      // Somebody else may have made it meanwhile.
      if (!isDirectory(directory)) throw error;
    }
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // Below a file, or out of reach: making what is above says which.
    return false;
  }
}
