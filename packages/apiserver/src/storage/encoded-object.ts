/**
 * An object as it is stored: bytes of JSON, parsed only when somebody looks inside.
 */
import { isJsonObject, type JsonObject } from '@weir/kube';
import { assert } from '@weir/net';
import type { ObjectKey } from './store-keys.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Immutable; the bytes are what clients get, `resourceVersion` included. */
export class EncodedObject {
  readonly bytes: Uint8Array;
  #parsed: JsonObject | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Encodes an object as it is. */
  static of(object: JsonObject): EncodedObject {
    return new EncodedObject(encoder.encode(JSON.stringify(object)));
  }

  /** The object, parsed once and shared: never change it (see {@link copy}). */
  get json(): Readonly<JsonObject> {
    this.#parsed ??= this.copy();
    return this.#parsed;
  }

  /** A new tree that the caller owns. */
  copy(): JsonObject {
    const value: unknown = JSON.parse(decoder.decode(this.bytes));
    assert(isJsonObject(value), 'a stored value is an object');
    return value;
  }
}

/** An object with its key. */
export interface StoredObject {
  readonly key: ObjectKey;
  readonly object: EncodedObject;
}
