/** Messages whose JSON form is not an object of their fields (apimachinery and intstr types with own marshalling). */
import { addToGroup } from '@weir/net';
import { ProtobufError } from './protobuf-error.ts';
import { decodeUtf8 } from './utf8.ts';
import { WireReader, wireTypes } from './wire-reader.ts';

/** The JSON value of such a message. */
export type SpecialDecoder = (bytes: Uint8Array) => unknown;

/** Decoders by message name. */
export const specialMessages: ReadonlyMap<string, SpecialDecoder> = new Map<string, SpecialDecoder>([
  ['Time', (bytes) => decodeTime(bytes, 0)],
  ['MicroTime', (bytes) => decodeTime(bytes, 6)],
  ['Quantity', decodeQuantity],
  ['IntOrString', decodeIntOrString],
  ['FieldsV1', (bytes) => decodeRaw(bytes, '{}')],
  ['RawExtension', (bytes) => decodeRaw(bytes, 'null')],
  ['ExtraValue', decodeItems],
  ['Verbs', decodeItems],
]);

/** Time and MicroTime: 1 seconds, 2 nanos; without any field the zero time, null in JSON. */
function decodeTime(bytes: Uint8Array, fractionDigits: number): string | null {
  if (bytes.length === 0) return null;
  const fields = readFields(bytes);
  const seconds = fields.integers.get(1) ?? 0;
  const nanos = fields.integers.get(2) ?? 0;
  const date = new Date(seconds * 1_000);
  const year = Number.isNaN(date.getTime()) ? -1 : date.getUTCFullYear();
  if (year < 0 || year > 9_999 || nanos < 0 || nanos > 999_999_999) throw new ProtobufError('malformed', 'a time is out of range');
  const text = date.toISOString().slice(0, 19);
  const fraction = fractionDigits === 0 ? '' : `.${String(nanos).padStart(9, '0').slice(0, fractionDigits)}`;
  return `${text}${fraction}Z`;
}

/** Quantity: 1 string. */
function decodeQuantity(bytes: Uint8Array): string {
  return readFields(bytes).texts.get(1)?.at(-1) ?? '';
}

/** IntOrString: 1 type (0 = int, 1 = string), 2 intVal, 3 strVal. */
function decodeIntOrString(bytes: Uint8Array): number | string {
  const fields = readFields(bytes);
  const type = fields.integers.get(1) ?? 0;
  if (type === 0) return fields.integers.get(2) ?? 0;
  if (type === 1) return fields.texts.get(3)?.at(-1) ?? '';
  throw new ProtobufError('malformed', `an int-or-string has the unknown type ${type}`);
}

/** FieldsV1 and RawExtension: 1 raw, JSON. */
function decodeRaw(bytes: Uint8Array, empty: string): unknown {
  const raw = readFields(bytes).texts.get(1)?.at(-1) ?? empty;
  try {
    const value: unknown = JSON.parse(raw);
    return value;
  } catch {
    throw new ProtobufError('malformed', 'an embedded text is not JSON');
  }
}

/** ExtraValue and Verbs: 1 items. */
function decodeItems(bytes: Uint8Array): readonly string[] {
  return readFields(bytes).texts.get(1) ?? [];
}

/** The integers (last value wins) and texts of a small message. */
function readFields(bytes: Uint8Array): { integers: Map<number, number>; texts: Map<number, string[]> } {
  const reader = new WireReader(bytes);
  const integers = new Map<number, number>();
  const texts = new Map<number, string[]>();
  while (!reader.done) {
    const { field, wireType } = reader.tag();
    if (wireType === wireTypes.varint) integers.set(field, reader.integer());
    else if (wireType === wireTypes.bytes) addToGroup(texts, field, decodeUtf8(reader.bytes()));
    else reader.skip(wireType);
  }
  return { integers, texts };
}
