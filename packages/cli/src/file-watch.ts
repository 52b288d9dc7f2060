/**
 * Waiting for a change of files: told by the system where it tells, and looked for now and then everywhere, because
 * network file systems and some containers tell nothing.
 *
 * ```
 *   fs.watch on every folder ─┐
 *   every other second ───────┴▶ a moment of calm ─▶ names, sizes and times as they were? ─▶ no: that is the change
 * ```
 */
import { type Dirent, type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';

/** How long to wait, in milliseconds. */
export interface WatchTimes {
  /** Between two looks without being told. */
  readonly lookEvery: number;
  /** After the last sign of a change: editors write in several steps. */
  readonly calm: number;
}

const usualTimes: WatchTimes = { lookEvery: 2_000, calm: 100 };

/** Files and folders, as they are when this is made. */
export class FileWatch {
  readonly #paths: readonly string[];
  readonly #times: WatchTimes;
  #before: ReadonlyMap<string, string>;

  /** `paths`: files, and folders with all that is below them. */
  constructor(paths: readonly string[], times: WatchTimes = usualTimes) {
    this.#paths = paths;
    this.#times = times;
    this.#before = stateOf(paths);
  }

  /** How many files there are. */
  get size(): number {
    return this.#before.size;
  }

  /** Waits until something has changed since this was made, or since the last change; gives the changed files, none when it is aborted. */
  async changed(signal: AbortSignal): Promise<readonly string[]> {
    const signs = new Signs(foldersOf(this.#paths), signal);
    try {
      while (!signal.aborted) {
        const found = this.#changes();
        if (found.length > 0) return found;
        await signs.next(this.#times);
      }
      return [];
    } finally {
      signs.close();
    }
  }

  #changes(): string[] {
    const now = stateOf(this.#paths);
    const names = new Set([...this.#before.keys(), ...now.keys()]);
    const changed = [...names].filter((name) => this.#before.get(name) !== now.get(name)).sort();
    this.#before = now;
    return changed;
  }
}

/** Signs that something may have changed. */
class Signs {
  readonly #watchers: readonly FSWatcher[];
  readonly #signal: AbortSignal;
  #wake: () => void = () => undefined;
  #isPending = false;

  constructor(folders: readonly string[], signal: AbortSignal) {
    this.#signal = signal;
    this.#watchers = folders.flatMap((folder) => this.#watch(folder));
  }

  /** Waits for a sign and the calm after it, or for the time to look. */
  async next({ lookEvery, calm }: WatchTimes): Promise<void> {
    await this.#sign(lookEvery);
    while (this.#isPending && !this.#signal.aborted) {
      this.#isPending = false;
      await this.#sign(calm);
    }
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  /** Waits until there is a sign, at most so long. */
  #sign(milliseconds: number): Promise<void> {
    if (this.#isPending || this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#signal.addEventListener('abort', end, { once: true });
      this.#wake = end;
    });
  }

  /** Where the system cannot tell, looking now and then is left. */
  #watch(folder: string): FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        this.#isPending = true;
        this.#wake();
      });
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  }
}

/** Every file with its size and the time of its last change. */
function stateOf(paths: readonly string[]): Map<string, string> {
  const state = new Map<string, string>();
  for (const path of paths) {
    for (const { name, isFolder } of everythingAt(path)) {
      const stats = isFolder ? undefined : statSync(name, { throwIfNoEntry: false });
      if (stats !== undefined) state.set(name, `${stats.size} ${stats.mtimeMs} ${stats.ino}`);
    }
  }
  return state;
}

/** The folders that a change of the paths is told for: an editor may put a new file in the place of the old one. */
function foldersOf(paths: readonly string[]): string[] {
  const entries = paths.flatMap(everythingAt);
  return [...new Set([...entries.map(({ name, isFolder }) => (isFolder ? name : dirname(name))), ...paths.map((path) => dirname(path))])];
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A file, or a folder with all that is below it but for hidden folders, packages of others, and links to folders, which may lead in circles. */
function everythingAt(path: string): Entry[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  return stats.isDirectory() ? everythingBelow(path) : [{ name: path, isFolder: false }];
}

function everythingBelow(folder: string): Entry[] {
  return [
    { name: folder, isFolder: true },
    ...entriesOf(folder).flatMap((entry): Entry[] => {
      const name = join(folder, entry.name);
      if (entry.isDirectory()) return everythingBelow(name);
      const isFile = entry.isFile() || (entry.isSymbolicLink() && statSync(name, { throwIfNoEntry: false })?.isFile() === true);
      return isFile ? [{ name, isFolder: false }] : [];
    }),
  ];
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.') && name !== 'node_modules');
  } catch {
    // It has gone meanwhile, or may not be read: there is nothing to see in it.
    return [];
  }
}
