/**
 * Reads JSON from bytes, and makes only what is kept of it.
 *
 * The rest is skipped without being made. Short texts come from a cache of recent ones, and so do small
 * values that are kept whole (labels, ports): equal ones become one object, since nobody changes what was
 * read. Both caches have a fixed size and go with the reader.
 */
import type { FieldSelection } from '@weir/kube';
import { jsonByte, jsonDepthLimit, jsonGarbage, jsonIncomplete, skipJson, skipScalar, skipSpace, skipText } from './json-scan.ts';

/** A selection prepared for reading; undefined keeps everything. */
export type KeptFields = ReadonlyMap<string, KeptFields> | undefined;

type JsonObject = Record<string, unknown>;

const textSlots = 4_096;
const textLimit = 64;
const valueSlots = 1_024;
const valueLimit = 512;

const { quote, backslash, comma, colon, openObject, closeObject, openArray, closeArray } = jsonByte;

/** Prepares a selection. */
export function keptFields(selection: FieldSelection | undefined): KeptFields {
  if (selection === undefined || selection === true) return undefined;
  return new Map(Object.entries(selection).map(([field, inner]) => [field, keptFields(inner)]));
}

/** A cursor over bytes. Its methods throw `jsonIncomplete` at the end of the bytes and `JsonSyntaxError` at garbage. */
export class JsonReader {
  readonly #texts: string[] = new Array<string>(textSlots).fill('');
  readonly #valueTexts: string[] = new Array<string>(valueSlots).fill('');
  readonly #values: unknown[] = new Array<unknown>(valueSlots).fill(undefined);
  #bytes: Buffer = Buffer.alloc(0);
  #depth = 0;
  /** Where the cursor is. */
  position = 0;

  /** Starts at the first of these bytes; they must not change before the next call. */
  open(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#depth = 0;
    this.position = 0;
  }

  /** Passes over the byte if it comes next, after space; says whether it did. */
  take(byte: number): boolean {
    this.position = skipSpace(this.#bytes, this.position);
    if (this.#bytes[this.position] !== byte) return false;
    this.position++;
    return true;
  }

  /** The name of the next member of an object; the cursor goes behind its colon. */
  readKey(): string {
    this.position = skipSpace(this.#bytes, this.position);
    const key = this.#readText();
    if (!this.take(colon)) throw this.garbage('a colon is expected');
    return key;
  }

  /** A value with what is kept of it. */
  read(kept: KeptFields): unknown {
    this.position = skipSpace(this.#bytes, this.position);
    const byte = this.#bytes[this.position];
    if (byte === openObject || byte === openArray) return kept === undefined ? this.#readRecent() : this.#readContainer(byte, kept);
    return byte === quote ? this.#readText() : this.#readScalar();
  }

  /** A value as `JSON.parse` makes it: with nothing shared, and the fastest way to have all of it. */
  readWhole(): unknown {
    const start = this.position;
    this.skip();
    return this.#parse(start, this.position);
  }

  /** Passes over a value. */
  skip(): void {
    this.position = skipJson(this.#bytes, this.position);
  }

  /** An error about what stands at the cursor. */
  garbage(problem: string): Error {
    return jsonGarbage(this.#bytes, this.position, problem);
  }

  #readContainer(byte: number, kept: KeptFields): unknown {
    if (this.#depth === jsonDepthLimit) throw this.garbage(`deeper nesting than ${jsonDepthLimit}`);
    this.#depth++;
    this.position++;
    const value = byte === openObject ? this.#readObject(kept) : this.#readArray(kept);
    this.#depth--;
    return value;
  }

  #readObject(kept: KeptFields): JsonObject {
    const object: JsonObject = {};
    if (this.take(closeObject)) return object;
    do {
      const key = this.readKey();
      if (kept === undefined) setField(object, key, this.#readPlain());
      else if (kept.has(key)) setField(object, key, this.read(kept.get(key)));
      else this.skip();
    } while (this.take(comma));
    if (!this.take(closeObject)) throw this.garbage('a comma or } is expected');
    return object;
  }

  #readArray(kept: KeptFields): unknown[] {
    if (this.take(closeArray)) return [];
    // A literal takes the room that it needs, and so does a copy; one that grows takes more.
    const array = [this.#readItem(kept)];
    while (this.take(comma)) array.push(this.#readItem(kept));
    if (!this.take(closeArray)) throw this.garbage('a comma or ] is expected');
    return array.length === 1 ? array : array.slice();
  }

  #readItem(kept: KeptFields): unknown {
    return kept === undefined ? this.#readPlain() : this.read(kept);
  }

  /** A value inside of one that is kept whole: the whole is shared or not, its parts are not looked up again. */
  #readPlain(): unknown {
    this.position = skipSpace(this.#bytes, this.position);
    const byte = this.#bytes[this.position];
    if (byte === openObject || byte === openArray) return this.#readContainer(byte, undefined);
    return byte === quote ? this.#readText() : this.#readScalar();
  }

  #readRecent(): unknown {
    const bytes = this.#bytes;
    const start = this.position;
    const end = skipJson(bytes, start);
    if (end - start > valueLimit) return this.#readContainer(bytes[start] as number, undefined);
    let hash = 0;
    for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (valueSlots - 1);
    if (isText(bytes, start, end, this.#valueTexts[slot] as string)) {
      this.position = end;
      return this.#values[slot];
    }
    const value = this.#readContainer(bytes[start] as number, undefined);
    this.#valueTexts[slot] = bytes.toString('latin1', start, end);
    this.#values[slot] = value;
    return value;
  }

  #readText(): string {
    const bytes = this.#bytes;
    const start = this.position + 1;
    const end = skipText(bytes, this.position) - 1;
    let hash = 0;
    for (let index = start; index < end; index++) {
      const byte = bytes[index] as number;
      // Escapes, and characters of several bytes.
      if (byte === backslash || byte > 0x7f) {
        const text = this.#parse(start - 1, end + 1);
        this.position = end + 1;
        return text as string;
      }
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    this.position = end + 1;
    if (end - start > textLimit) return bytes.toString('latin1', start, end);
    const slot = (hash ^ (hash >>> 15)) & (textSlots - 1);
    const recent = this.#texts[slot] as string;
    if (isText(bytes, start, end, recent)) return recent;
    const text = bytes.toString('latin1', start, end);
    this.#texts[slot] = text;
    return text;
  }

  #readScalar(): unknown {
    const start = this.position;
    const end = skipScalar(this.#bytes, start);
    const value = this.#parse(start, end);
    this.position = end;
    return value;
  }

  #parse(start: number, end: number): unknown {
    try {
      return JSON.parse(this.#bytes.toString('utf8', start, end));
    } catch {
      this.position = start;
      throw this.garbage('no JSON');
    }
  }
}

/** Whether the bytes are this text, one byte a character. */
function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== bytes[start + index]) return false;
  return true;
}

/** Sets a member as `JSON.parse` does: also one that is called `__proto__` is a member like others. */
function setField(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** For a value that must be there as a whole. Throws `JsonSyntaxError`. */
export function readJson(reader: JsonReader, bytes: Buffer, kept: KeptFields): unknown {
  reader.open(bytes);
  try {
    return reader.read(kept);
  } catch (error) {
    throw error === jsonIncomplete ? reader.garbage('the JSON is not complete') : error;
  }
}
