/** The manifests below a folder of a revision, as they would be read if it were checked out: links are followed, each file once. */
import { posix } from 'node:path';
import { isCalledLikeManifest } from './manifest-files.ts';

/** A file of a revision, by its path from the top. */
export interface TreeEntry {
  readonly path: string;
  /** The name of its content. */
  readonly id: string;
  readonly isLink: boolean;
}

/** The files and links in a list of `git ls-tree -r -z`; submodules are left out. */
export function treeEntries(listed: string): TreeEntry[] {
  return listed.split('\0').flatMap((line) => {
    const [, mode, id, path] = /^(\d+) blob ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
    return id === undefined || path === undefined ? [] : [{ path, id, isLink: mode === '120000' }];
  });
}

/** A manifest, with the path below the folder under which it was found. */
export interface FoundManifest {
  readonly path: string;
  readonly id: string;
}

/** What is in a tree. */
export class GitTree {
  readonly #entries: ReadonlyMap<string, TreeEntry>;
  readonly #targetOf: (link: TreeEntry) => string;
  readonly #seen: Set<string> = new Set();

  /** `targetOf` is what a link says. */
  constructor(entries: readonly TreeEntry[], targetOf: (link: TreeEntry) => string) {
    this.#entries = new Map(entries.map((entry) => [entry.path, entry]));
    this.#targetOf = targetOf;
  }

  /** The manifests below a folder (`''` is the top), but for hidden folders and packages of others. */
  manifestsIn(folder: string): FoundManifest[] {
    const link = this.#entries.get(folder);
    return link?.isLink === true ? this.#follow(link, '') : this.#collect(folder, '');
  }

  #collect(folder: string, below: string): FoundManifest[] {
    if (this.#seen.has(`${folder}/`)) return [];
    this.#seen.add(`${folder}/`);
    const start = folder === '' ? '' : `${folder}/`;
    return [...this.#entries.values()]
      .filter(({ path }) => path.startsWith(start) && !isForeign(path.slice(start.length)))
      .flatMap((entry) => this.#read(entry, `${below}${entry.path.slice(start.length)}`));
  }

  #read(entry: TreeEntry, path: string): FoundManifest[] {
    if (!entry.isLink) {
      if (!isCalledLikeManifest(path) || this.#seen.has(entry.path)) return [];
      this.#seen.add(entry.path);
      return [{ path, id: entry.id }];
    }
    return this.#follow(entry, path);
  }

  #follow(entry: TreeEntry, path: string): FoundManifest[] {
    const target = this.#targetOf(entry);
    const meant = posix.normalize(posix.join(posix.dirname(entry.path), target)).replace(/\/$/, '');
    // What is outside of the repository is in no revision.
    if (posix.isAbsolute(target) || meant.startsWith('../') || this.#seen.has(entry.path)) return [];
    this.#seen.add(entry.path);
    const other = this.#entries.get(meant);
    return other === undefined ? this.#collect(meant === '.' ? '' : meant, path === '' ? '' : `${path}/`) : this.#read(other, path);
  }
}

function isForeign(path: string): boolean {
  return path
    .split('/')
    .slice(0, -1)
    .some((folder) => folder.startsWith('.') || folder === 'node_modules');
}
