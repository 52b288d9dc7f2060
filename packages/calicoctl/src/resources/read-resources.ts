/** Resources out of files, folders and standard input; fields that a kind does not have are refused. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { calicoGroup, calicoSpecShapes, isCalicoKind } from '@weir/compile';
import { checkShape, formatDiagnostic, isUnknownField, parseManifest } from '@weir/kube';
import { CalicoctlError } from '../calicoctl-error.ts';
import { kindOf, type Resource } from './resource-kinds.ts';

/** What to read. */
export interface ResourceSource {
  /** A file, a folder, or `-`. */
  readonly path: string;
  readonly isRecursive: boolean;
  /** Whether what holds nothing is passed over. */
  readonly skipsEmpty: boolean;
  readonly stdin: Readable;
}

/** More is not read of standard input. */
const stdinBytes = 16 * 1024 * 1024;
const endings = new Set(['.json', '.yaml', '.yml']);

/** Reads all of them in their order; throws with the first thing that is wrong. */
export async function readResources(source: ResourceSource): Promise<readonly Resource[]> {
  const { path } = source;
  if (path === '-') return resourcesIn(await textOf(source.stdin), '-', source);
  const files = isFolder(path) ? filesIn(path, source.isRecursive) : [path];
  const resources = files.flatMap((file) => resourcesIn(readText(file), file, source));
  if (resources.length === 0 && !source.skipsEmpty) throw new CalicoctlError(`no resources specified in directory ${path}`);
  return resources;
}

function filesIn(folder: string, isRecursive: boolean): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return isRecursive ? filesIn(path, true) : [];
    return endings.has(extname(entry.name)) ? [path] : [];
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): CalicoctlError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'no such file or directory' : message;
  return new CalicoctlError(`failed to execute command: open ${path}: ${why}`);
}

async function textOf(stdin: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stdin) {
    const bytes = Buffer.from(piece as Buffer);
    length += bytes.length;
    if (length > stdinBytes) throw new CalicoctlError(`failed to execute command: standard input is longer than ${stdinBytes} bytes`);
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString();
}

function resourcesIn(text: string, file: string, { skipsEmpty }: ResourceSource): readonly Resource[] {
  const { documents, diagnostics } = parseManifest(text, file);
  const [first] = diagnostics;
  if (first !== undefined) throw new CalicoctlError(`failed to execute command: ${formatDiagnostic(first)}`);
  if (documents.length === 0 && !skipsEmpty) throw new CalicoctlError(`no resources specified in file ${file}`);
  return documents.map(({ object }) => checked(object));
}

/** Of a kind that is known, without fields that nobody reads. */
function checked(object: Resource): Resource {
  const { apiVersion = '', kind = '' } = object;
  if (apiVersion !== calicoGroup || kindOf(kind) === undefined) {
    throw new CalicoctlError(`failed to execute command: unknown resource type (${kind}) and/or version (${apiVersion})`);
  }
  const outside = Object.keys(object).find((field) => !['apiVersion', 'kind', 'metadata', 'spec', 'status'].includes(field));
  const unknown = outside ?? (isCalicoKind(kind) ? unknownField(object.spec, kind) : undefined);
  if (unknown === undefined) return object;
  throw new CalicoctlError(`failed to execute command: field in document is not recognized or is in the wrong location: ${unknown}`);
}

function unknownField(spec: unknown, kind: keyof typeof calicoSpecShapes): string | undefined {
  const error = checkShape(spec ?? {}, calicoSpecShapes[kind], 'spec').find(isUnknownField);
  return error?.field.split('.').at(-1);
}
