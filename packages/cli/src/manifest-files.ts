/**
 * Manifests from files, folders and standard input, as every command reads them that takes paths.
 *
 * Folders are read with all that is below them, but for hidden folders and `node_modules`; of files
 * there those that are called like YAML or JSON. Symbolic links are followed, each file and folder once.
 * What cannot be read is said, and the rest is still read; with `strict` that ends the command.
 */
import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnostic, formatDiagnostic, type ManifestText, readManifests } from '@weir/kube';
import type { PlacedObject } from '@weir/snapshot';
import { CommandError, usageError } from './exit-code.ts';
import { fileProblem } from './file-problem.ts';
import { standardInput } from './reports/reported-finding.ts';
import { decodeLeniently, readStandardInputBytes } from './text-file.ts';

/** How to read. */
export interface ReadManifestOptions {
  /** Whether what is broken ends the command (exit code 2) instead of being left out. */
  readonly strict: boolean;
  /** The option or argument that the paths were given as, for messages. Default: `--manifests`. */
  readonly given?: string;
}

/** The objects of paths, and what is said of them. */
export interface ManifestObjects {
  readonly objects: readonly PlacedObject[];
  /** What is broken and left out, and what is odd; the commands print them with their own. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was left out without being broken, one sentence each. */
  readonly notices: readonly string[];
  /** The one of the notices that names files that never held objects. */
  readonly passedOver?: string;
  /** Every text that was read by its file, in their order. */
  readonly texts: ReadonlyMap<string, string>;
}

/** A manifest larger than that is none, in bytes; and so much is read of all folders together. */
const fileMax = 512 * 1024 * 1024;
const filesMax = 100_000;

/** Reads paths in their order; `-` is standard input. Throws a CommandError where a path is not there, all is broken, or by `strict`. */
export function readManifestPaths(paths: readonly string[], { strict, given }: ReadManifestOptions): ManifestObjects {
  return withoutBroken(readManifestFiles(paths, given), strict);
}

/** As {@link readManifestPaths}, for texts that are no files of this machine. */
export function readManifestTexts(texts: readonly ManifestText[], { strict }: Pick<ReadManifestOptions, 'strict'>): ManifestObjects {
  const { documents, ...said } = readManifests(texts);
  return withoutBroken({ objects: documents, ...said, texts: new Map(texts.map(({ file, text }) => [file, text])) }, strict);
}

function withoutBroken(read: ManifestObjects, strict: boolean): ManifestObjects {
  const errors = read.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0 && (strict || read.objects.length === 0)) throw usageError(errors.map(formatDiagnostic).join('\n      '));
  return read;
}

/** As {@link readManifestPaths}, for commands to which broken manifests are an answer: throws only where a path is not there. */
export function readManifestFiles(paths: readonly string[], given = '--manifests'): ManifestObjects {
  const reader = new ManifestReader(given);
  for (const path of paths) reader.add(path);
  const { documents, diagnostics, notices, ...said } = readManifests(reader.texts);
  return {
    ...said,
    objects: documents,
    diagnostics: [...reader.diagnostics, ...diagnostics],
    notices: [...reader.notices, ...notices],
    texts: new Map(reader.texts.map(({ file, text }) => [file, text])),
  };
}

class ManifestReader {
  readonly texts: ManifestText[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly notices: string[] = [];
  readonly #given: string;
  readonly #seen: Set<string> = new Set();

  constructor(given: string) {
    this.#given = given;
  }

  /** Reads what the user named: it must be there. */
  add(path: string): void {
    if (path === '-') {
      if (this.#seen.has('-')) throw usageError(`${this.#given} - is given twice: there is one standard input`);
      this.#seen.add('-');
    }
    try {
      if (path === '-') {
        const text = this.#addText(standardInput, readStandardInputBytes());
        // What came before it in the pipe may have failed.
        if (text.trim() === '') this.notices.push('standard input is empty: there are no objects to judge');
        return;
      }
      const stats = statSync(path);
      if (!stats.isDirectory()) {
        this.#addFile(path, { stats, found: false });
        return;
      }
      const before = this.texts.length;
      this.#addFolder(path);
      if (this.texts.length === before) this.notices.push(`${path} holds no file called *.yaml, *.yml or *.json`);
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw usageError(`${this.#given} ${path}: ${fileProblem(error)}`);
    }
  }

  /** Reads what is below a folder; what cannot be read there is said. */
  #addFolder(folder: string): void {
    if (!this.#isNew(folder)) return;
    for (const name of this.#namesIn(folder)) {
      const path = join(folder, name);
      const stats = this.#statsOf(path);
      if (stats?.isDirectory() === true) {
        if (!name.startsWith('.') && name !== 'node_modules') this.#addFolder(path);
      } else if (stats?.isFile() === true && isCalledLikeManifest(name)) {
        try {
          this.#addFile(path, { stats, found: true });
        } catch (error) {
          this.#cannotRead(path, error);
        }
      }
    }
  }

  #addFile(path: string, { stats, found }: { readonly stats: Stats; readonly found: boolean }): void {
    if (stats.isFile() && !this.#isNew(path)) return;
    if (stats.size > fileMax) throw new Error(`the file has ${stats.size} bytes, more than the ${fileMax} that are read`);
    if (this.texts.length >= filesMax)
      throw usageError(`${this.#given}: there are more than ${filesMax} files: name the folders that hold manifests`);
    this.#addText(path, readFileSync(path), found);
  }

  #addText(file: string, bytes: Uint8Array, found = false): string {
    const { text, notUtf8 } = decodeLeniently(bytes);
    this.texts.push({ file, text, found });
    // Of what is no manifest, its name notwithstanding, nobody wants to know.
    if (notUtf8 !== undefined && /\bkind\b/.test(text) && !text.includes('\0')) {
      this.diagnostics.push({
        code: 'not-utf-8',
        severity: 'warning',
        message: 'this character is not in UTF-8: the file is read as Windows-1252',
        action: 'save it as UTF-8',
        position: { file, ...notUtf8 },
      });
    }
    return text;
  }

  #namesIn(folder: string): readonly string[] {
    try {
      // Links last, so that places name the files themselves.
      const entries = readdirSync(folder, { withFileTypes: true, encoding: 'utf8' });
      const names = (areLinks: boolean): string[] => entries.filter((entry) => entry.isSymbolicLink() === areLinks).map(({ name }) => name);
      return [...names(false).sort(), ...names(true).sort()];
    } catch (error) {
      this.#cannotRead(folder, error);
      return [];
    }
  }

  #statsOf(path: string): Stats | undefined {
    try {
      return statSync(path);
    } catch (error) {
      if (isCalledLikeManifest(path)) this.#cannotRead(path, error);
      return undefined;
    }
  }

  /** Whether the file or folder was not met yet, under this name or another. */
  #isNew(path: string): boolean {
    // By its number: where capitals do not count in names, a path has many spellings. Some file systems number nothing.
    const { dev, ino } = statSync(path, { bigint: true });
    const identity = ino === 0n ? realpathSync(path) : `${dev}:${ino}`;
    if (this.#seen.has(identity)) return false;
    this.#seen.add(identity);
    return true;
  }

  #cannotRead(file: string, error: unknown): void {
    if (error instanceof CommandError) throw error;
    this.diagnostics.push({
      code: 'unreadable-file',
      severity: 'error',
      message: fileProblem(error),
      action: 'make it readable, or leave it out',
      position: { file, line: 1 },
    });
  }
}

/** Whether a file of a folder is read: by its name, or by the end of its path. */
export function isCalledLikeManifest(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path) || /(^|\/)Kustomization$/.test(path);
}
