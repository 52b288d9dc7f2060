/**
 * A snapshot as text: one JSON value a line, so that people and other tools can read it.
 *
 * ```
 *   {"format":"weir-snapshot","version":1,"revision":R,"objects":N}
 *   {"key":"resource/namespace/name","object":{…}}                    N times, in the order of the keys
 *   {"sha256":"…"}                                                    of all bytes before this line
 * ```
 */
import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { isJsonObject, type JsonObject } from '@weir/kube';

const formatName = 'weir-snapshot';
const formatVersion = 1;

/** Longer than any object can be. */
const lineLimitBytes = 16 * 1024 * 1024;
const readBytes = 1024 * 1024;

/** A file is no snapshot, is damaged, or is of another version. The message says which, and ends without a period. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** What a snapshot says about itself. */
export interface SnapshotHeader {
  /** The newest revision of the store. */
  readonly revision: number;
  readonly objects: number;
}

/** One object: where it is, and its JSON text as it is stored. */
export interface SnapshotObject {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Writes a snapshot by `write`, which must take everything it is given; the objects must be as many as the header says. */
export function writeSnapshot(header: SnapshotHeader, objects: Iterable<SnapshotObject>, write: (bytes: Uint8Array) => void): void {
  const hash = createHash('sha256');
  const put = (bytes: Uint8Array): void => {
    hash.update(bytes);
    write(bytes);
  };
  put(Buffer.from(`${JSON.stringify({ format: formatName, version: formatVersion, ...header })}\n`));
  for (const { key, bytes } of objects) {
    put(Buffer.concat([Buffer.from(`{"key":${JSON.stringify(key)},"object":`), bytes, Buffer.from('}\n')]));
  }
  write(Buffer.from(`${JSON.stringify({ sha256: hash.digest('hex') })}\n`));
}

/** A snapshot that is being read. */
export interface SnapshotReading {
  readonly header: SnapshotHeader;
  /** In the order of the file. What comes from it may be used only when the iteration has ended without an error. */
  readonly objects: Iterable<SnapshotObject>;
}

/** Reads a snapshot from an open file; throws {@link SnapshotError}, also while the objects are iterated over. */
export function readSnapshot(fd: number): SnapshotReading {
  const hash = createHash('sha256');
  const lines = linesOf(fd);
  const first = lines.next();
  const header = headerOf(first.done === true ? undefined : first.value);
  if (first.done !== true) hash.update(first.value).update('\n');
  return { header, objects: objectsOf(header, lines, hash) };
}

function headerOf(line: Buffer | undefined): SnapshotHeader {
  const value = line === undefined ? undefined : parsed(line);
  if (value?.['format'] !== formatName) throw new SnapshotError('it is no snapshot of weir');
  const { version, revision, objects } = value;
  if (version !== formatVersion) {
    throw new SnapshotError(`it has version ${JSON.stringify(version)}, and this weir reads version ${formatVersion}`);
  }
  if (!isCount(revision) || !isCount(objects)) throw new SnapshotError('it is damaged: line 1 does not say its revision and its objects');
  return { revision, objects };
}

function* objectsOf(header: SnapshotHeader, lines: Iterator<Buffer, void>, hash: Hash): Iterable<SnapshotObject> {
  for (let number = 2; number < header.objects + 2; number++) {
    const next = lines.next();
    if (next.done === true) throw new SnapshotError(`it is cut off after line ${number - 1} of ${header.objects + 2}`);
    hash.update(next.value).update('\n');
    const value = parsed(next.value);
    const { key, object } = value ?? {};
    if (typeof key !== 'string' || !isJsonObject(object)) throw new SnapshotError(`it is damaged: line ${number} holds no object`);
    const problem = keyProblem(key, object, header.revision);
    if (problem !== undefined) throw new SnapshotError(`it is damaged: line ${number} ${problem}`);
    yield { key, bytes: Buffer.from(JSON.stringify(object)) };
  }
  const last = lines.next();
  if (last.done === true) throw new SnapshotError('it is cut off: its last line, with the checksum, is missing');
  if (parsed(last.value)?.['sha256'] !== hash.digest('hex')) throw new SnapshotError('it is damaged: its checksum is another');
  if (lines.next().done !== true) throw new SnapshotError('it is damaged: something follows the checksum');
}

/** What is wrong with an object at a key. */
function keyProblem(key: string, object: JsonObject, newest: number): string | undefined {
  const [resource, namespace, name, ...more] = key.split('/');
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  if (resource === '' || namespace === undefined || name === undefined || name === '' || more.length > 0) return 'has a key that is none';
  if (metadata['name'] !== name || (metadata['namespace'] ?? '') !== namespace) return 'holds an object of another name than its key';
  const revision = Number(metadata['resourceVersion']);
  return isCount(revision) && revision <= newest ? undefined : 'holds an object that is newer than the snapshot';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parsed(line: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line.toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The lines of a file from its beginning, without their ends; what follows the last end of line is a line too. */
function* linesOf(fd: number): Generator<Buffer, void> {
  const chunk = Buffer.alloc(readBytes);
  let pending: Buffer[] = [];
  let length = 0;
  for (let position = 0; ; ) {
    const count = readSync(fd, chunk, 0, readBytes, position);
    if (count === 0) break;
    position += count;
    let start = 0;
    for (let end = chunk.indexOf(10, 0); end !== -1 && end < count; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...pending, chunk.subarray(start, end)]);
      pending = [];
      length = 0;
      start = end + 1;
    }
    length += count - start;
    if (length > lineLimitBytes) throw new SnapshotError(`it is no snapshot of weir: it has a line of more than ${lineLimitBytes} bytes`);
    pending.push(Buffer.from(chunk.subarray(start, count)));
  }
  if (length > 0) yield Buffer.concat(pending);
}
