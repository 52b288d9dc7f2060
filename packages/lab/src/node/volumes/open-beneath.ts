/**
 * Opens what lies below a directory without ever leaving it: no `..`, and no symbolic link on the way.
 *
 * What a container can write it can also turn into a link to a place of the machine, at any moment; so every step is opened
 * relative to the one before, and what is found is used by its descriptor (`/proc/PID/fd/N`), never again by its path.
 */
import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** O_PATH: a handle on any kind of file, which opens nothing. */
const pathOnly = 0o10_000_000;

/** The place lies outside of the directory, or a link leads out of it. */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';
}

/** What to do where something is missing. */
export interface OpenBeneathOptions {
  /** Mode of the directories to make; absent: none is made, and ENOENT is thrown. */
  readonly directoryMode?: number;
}

/** A descriptor of the place; `path` is relative to `base`. Throws an {@link OutsideError} or Node's ENOENT. The caller closes it. */
export function openBeneath(base: string, path: string, { directoryMode }: OpenBeneathOptions = {}): number {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new OutsideError(`must not contain '..': ${path}`);
  let at = openSync(base, pathOnly | constants.O_DIRECTORY);
  try {
    for (const part of parts) {
      const next = openStep(at, part, directoryMode);
      closeSync(at);
      at = next;
      if (fstatSync(at).isSymbolicLink()) throw new OutsideError(`${path}: ${part} is a symbolic link`);
    }
    return at;
  } catch (error) {
    closeSync(at);
    throw error;
  }
}

function openStep(directory: number, part: string, directoryMode: number | undefined): number {
  const place = `/proc/self/fd/${directory}/${part}`;
  try {
    return openSync(place, pathOnly | constants.O_NOFOLLOW);
  } catch (error) {
    if (directoryMode === undefined || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(place);
    const made = openSync(place, constants.O_DIRECTORY | constants.O_NOFOLLOW);
    // Not by mkdir, of which the mask of this process takes some.
    fchmodSync(made, directoryMode);
    return made;
  }
}

/** As {@link openBeneath}, but links that stay inside are followed first, as those of a ConfigMap's volume do. */
export function openResolvedBeneath(base: string, path: string, options: OpenBeneathOptions = {}): number {
  try {
    const inside = relative(realpathSync(base), realpathSync(join(base, path)));
    if (inside === '..' || inside.startsWith(`..${sep}`)) throw new OutsideError(`${path} leads out of the volume`);
    return openBeneath(base, inside, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return openBeneath(base, path, options);
  }
}

/** The name by which another process on the machine reaches the place, as long as the descriptor is open. */
export function descriptorPath(fd: number): string {
  return `/proc/${process.pid}/fd/${fd}`;
}
