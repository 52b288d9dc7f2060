/**
 * A list answer, decoded while it comes: each item as soon as its last byte is there, so that a list of
 * any length needs the room of its longest item and of what is kept of the others.
 *
 * ```
 *   {"kind":"PodList","apiVersion":"v1","metadata":{…},"items":[{…},{…},…]}
 *   members ──────────────────────────────────────▶ items ───────────▶ members ▶ end
 * ```
 */
import type { KubeList, KubeObject } from '@weir/kube';
import { unreachable } from '@weir/net';
import { JsonReader, type KeptFields, keptFields } from './json-reader.ts';
import { jsonByte, jsonIncomplete } from './json-scan.ts';

/** The members of a list besides its items; other members are skipped. */
const headFields = keptFields({ kind: true, apiVersion: true, metadata: true });

const { comma, openObject, closeObject, openArray, closeArray } = jsonByte;

/** Room for a few chunks. */
const firstBufferBytes = 1 << 18;

/** Where in the list the cursor is: before what. */
type Place = 'start' | 'member' | 'item' | 'end';

/** What a list reader is made with. */
export interface ListReaderOptions {
  /** What is kept of an item; everything when absent. */
  readonly kept: KeptFields;
  /** The longest item, in bytes. */
  readonly itemLimitBytes: number;
}

/** An item is longer than allowed. */
export class ItemTooLarge extends Error {
  override readonly name = 'ItemTooLarge';
}

/** Takes the bytes of one list. Throws `JsonSyntaxError` and {@link ItemTooLarge}. */
export class ListReader<T extends KubeObject> {
  readonly #reader = new JsonReader();
  readonly #kept: KeptFields;
  readonly #itemLimitBytes: number;
  readonly #items: T[] = [];
  readonly #head: Record<string, unknown> = {};
  /** The bytes from `#start` to `#end` are behind the last value that was complete; one buffer serves all chunks. */
  #buffer: Buffer = Buffer.allocUnsafeSlow(firstBufferBytes);
  #start = 0;
  #end = 0;
  /** A value that was not complete is tried again when there is twice as much of it: each byte is seen a few times at most. */
  #enoughBytes = 0;
  #place: Place = 'start';
  /** Whether the list's members, or its items, have begun: a comma comes before the next. */
  #hasMember = false;
  #hasItem = false;
  #hasItems = false;

  constructor({ kept, itemLimitBytes }: ListReaderOptions) {
    this.#kept = kept;
    this.#itemLimitBytes = itemLimitBytes;
  }

  /** The next bytes; they are copied. */
  push(chunk: Buffer): void {
    this.#makeRoom(chunk.length);
    this.#end += chunk.copy(this.#buffer, this.#end);
    if (this.#end - this.#start >= this.#enoughBytes) this.#advance();
    if (this.#end - this.#start <= this.#itemLimitBytes) return;
    throw new ItemTooLarge(`a part of the list is larger than ${this.#itemLimitBytes} bytes`);
  }

  /** The list, after its last byte; items get the kind that servers leave out. Undefined when the list is not complete. */
  finish(): KubeList<T> | undefined {
    if (this.#end > this.#start) this.#advance();
    if (this.#place !== 'end') return undefined;
    const { kind, apiVersion, metadata } = this.#head as Partial<KubeList<T>>;
    if (!this.#hasItems) throw this.#reader.garbage('the answer has no items');
    addTypeMeta(this.#items, kind, apiVersion);
    return {
      ...(apiVersion === undefined ? {} : { apiVersion }),
      ...(kind === undefined ? {} : { kind }),
      metadata: metadata ?? {},
      items: this.#items,
    };
  }

  /** Reads on as far as the bytes go. */
  #advance(): void {
    const reader = this.#reader;
    reader.open(this.#buffer.subarray(this.#start, this.#end));
    let done = 0;
    try {
      for (;;) {
        this.#step(reader);
        done = reader.position;
      }
    } catch (error) {
      if (error !== jsonIncomplete) throw error;
    }
    this.#start += done;
    this.#enoughBytes = 2 * (this.#end - this.#start);
  }

  /** Moves what is left to the front, or to a larger buffer, when the next bytes do not fit behind it. */
  #makeRoom(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const left = this.#buffer.subarray(this.#start, this.#end);
    if (left.length + bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(2 * (left.length + bytes));
    left.copy(this.#buffer);
    this.#start = 0;
    this.#end = left.length;
  }

  /** Reads one member or one item, or nothing of it. */
  #step(reader: JsonReader): void {
    switch (this.#place) {
      case 'start':
        if (!reader.take(openObject)) throw reader.garbage('the answer is not a list');
        this.#place = 'member';
        return;
      case 'member':
        this.#readMember(reader);
        return;
      case 'item':
        this.#readItem(reader);
        return;
      case 'end':
        reader.take(comma);
        throw reader.garbage('something follows the list');
      default:
        unreachable(this.#place);
    }
  }

  #readMember(reader: JsonReader): void {
    if (reader.take(closeObject)) {
      this.#place = 'end';
      return;
    }
    if (this.#hasMember && !reader.take(comma)) throw reader.garbage('a comma or } is expected');
    const key = reader.readKey();
    if (key === 'items') {
      if (reader.take(openArray)) this.#place = 'item';
      else if (reader.read(undefined) !== null) throw reader.garbage('the items are not a list');
      this.#hasItems = true;
    } else if (headFields?.has(key) === true) {
      this.#head[key] = reader.read(undefined);
    } else {
      reader.skip();
    }
    this.#hasMember = true;
  }

  #readItem(reader: JsonReader): void {
    if (reader.take(closeArray)) {
      this.#place = 'member';
      return;
    }
    if (this.#hasItem && !reader.take(comma)) throw reader.garbage('a comma or ] is expected');
    const item = this.#kept === undefined ? reader.readWhole() : reader.read(this.#kept);
    if (typeof item !== 'object' || item === null) throw reader.garbage('an item is no object');
    this.#items.push(item as T);
    this.#hasItem = true;
  }
}

function addTypeMeta(items: readonly KubeObject[], listKind: string | undefined, apiVersion: string | undefined): void {
  const kind = listKind?.endsWith('List') === true ? listKind.slice(0, -'List'.length) : '';
  if (kind === '' || apiVersion === undefined) return;
  for (const item of items) if (item.kind === undefined) Object.assign(item, { apiVersion, kind });
}
