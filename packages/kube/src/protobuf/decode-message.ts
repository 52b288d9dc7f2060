/**
 * Decodes one message into the JSON that a Kubernetes client would have sent instead.
 *
 * proto2 as gogo writes it: fields that are no pointers in Go are always on the wire, so their zero
 * values and empty messages mean nothing and are left out; pointers are there only when set and are kept
 * whatever they hold; members of lists count even when they are empty. Unknown field numbers are
 * ignored, as by the real server (newer clients have them); a known field of an unsupported type with content is an error.
 */
import { unreachable } from '@weir/net';
import type { JsonObject } from '../registry/json-object.ts';
import { encodeBase64 } from './base64.ts';
import type { FieldType, MessageField, MessageTable, MessageTables } from './message-table.ts';
import { ProtobufError } from './protobuf-error.ts';
import { specialMessages } from './special-messages.ts';
import { decodeUtf8 } from './utf8.ts';
import { WireReader, wireTypes } from './wire-reader.ts';

/** Deeper nesting is refused; real objects stay below 20. */
const depthLimit = 64;

/** A field on the wire, with where it stands. */
interface Place {
  readonly message: MessageTable;
  readonly field: MessageField;
  readonly wireType: number;
  readonly depth: number;
}

/** Decodes messages with the help of tables. */
export class MessageDecoder {
  readonly #tables: MessageTables;

  constructor(tables: MessageTables) {
    this.#tables = tables;
  }

  /** The JSON object of `bytes` read as `message`. Throws ProtobufError. */
  decode(message: MessageTable, bytes: Uint8Array): JsonObject {
    const target: JsonObject = {};
    this.#decodeInto(target, message, bytes, 0);
    return target;
  }

  #decodeInto(target: JsonObject, message: MessageTable, bytes: Uint8Array, depth: number): void {
    if (depth > depthLimit) throw new ProtobufError('too-deep', `messages are nested more than ${depthLimit} deep`);
    const reader = new WireReader(bytes);
    while (!reader.done) {
      const { field: number, wireType } = reader.tag();
      const field = message.fields.get(number);
      if (field === undefined) reader.skip(wireType);
      else this.#decodeField(target, reader, { message, field, wireType, depth });
    }
  }

  #decodeField(target: JsonObject, reader: WireReader, place: Place): void {
    const { field } = place;
    if (field.type.kind === 'map') {
      const map = (target[field.name] ??= {}) as JsonObject;
      const [key, value] = this.#mapEntry(field.type.values, expectBytes(reader, place), place);
      // Keys come from clients: `__proto__` must become a key like any other.
      Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
    } else if (field.repeated) {
      const list = (target[field.name] ??= []) as unknown[];
      if (field.type.kind === 'integer' && place.wireType === wireTypes.bytes) {
        const packed = new WireReader(reader.bytes());
        while (!packed.done) list.push(packed.integer());
      } else {
        list.push(this.#value(field.type, reader, place));
      }
    } else if (field.inline) {
      this.#decodeInto(target, this.#table(place), expectBytes(reader, place), place.depth + 1);
    } else {
      this.#decodeSingle(target, reader, place);
    }
  }

  /** A field that occurs once: the last value wins, messages are merged (proto2). */
  #decodeSingle(target: JsonObject, reader: WireReader, place: Place): void {
    const { field } = place;
    const { name, type } = field;
    if (type.kind === 'message' && !specialMessages.has(type.name)) {
      const bytes = expectBytes(reader, place);
      if (bytes.length === 0 && !field.pointer) return;
      const object = (target[name] ?? {}) as JsonObject;
      this.#decodeInto(object, this.#table(place), bytes, place.depth + 1);
      if (field.pointer || Object.keys(object).length > 0) target[name] = object;
      return;
    }
    const value = this.#value(type, reader, place);
    if (field.pointer || !isZero(value)) target[name] = value;
    else delete target[name];
  }

  #value(type: FieldType, reader: WireReader, place: Place): unknown {
    switch (type.kind) {
      case 'integer':
        expectWireType(wireTypes.varint, place);
        return reader.integer();
      case 'boolean':
        expectWireType(wireTypes.varint, place);
        return reader.boolean();
      case 'string':
        return decodeUtf8(expectBytes(reader, place));
      case 'bytes':
        return encodeBase64(expectBytes(reader, place));
      case 'message':
        return this.#message(type.name, expectBytes(reader, place), place);
      case 'map':
        throw new ProtobufError('unsupported-field', `${pathOf(place)} cannot be nested here`);
      default:
        return unreachable(type);
    }
  }

  #message(name: string, bytes: Uint8Array, place: Place): unknown {
    const special = specialMessages.get(name);
    if (special !== undefined) return special(bytes);
    const target: JsonObject = {};
    this.#decodeInto(target, this.#table(place, name), bytes, place.depth + 1);
    return target;
  }

  /** A map entry: 1 key, 2 value; either may be missing when it is a zero value. */
  #mapEntry(values: FieldType, bytes: Uint8Array, place: Place): [string, unknown] {
    const reader = new WireReader(bytes);
    let key = '';
    let value: unknown;
    while (!reader.done) {
      const { field: number, wireType } = reader.tag();
      if (number === 1 && wireType === wireTypes.bytes) key = decodeUtf8(reader.bytes());
      else if (number === 2) value = this.#value(values, reader, { ...place, wireType });
      else reader.skip(wireType);
    }
    return [key, value ?? this.#value(values, new WireReader(Uint8Array.of(0)), { ...place, wireType: wireTypes.bytes })];
  }

  #table(place: Place, name: string = messageName(place.field.type)): MessageTable {
    const table = this.#tables.find(place.message.scope, name);
    if (table === undefined) throw new ProtobufError('unsupported-field', `${pathOf(place)} (${name}) is not supported by this server`);
    return table;
  }
}

function messageName(type: FieldType): string {
  return type.kind === 'message' ? type.name : '';
}

function expectBytes(reader: WireReader, place: Place): Uint8Array {
  expectWireType(wireTypes.bytes, place);
  return reader.bytes();
}

function expectWireType(wireType: number, place: Place): void {
  if (place.wireType !== wireType)
    throw new ProtobufError('malformed', `${pathOf(place)} has wire type ${place.wireType}, expected ${wireType}`);
}

function pathOf(place: Place): string {
  return `${place.message.name}.${place.field.name}`;
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || value === null;
}
