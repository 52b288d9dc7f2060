/** JSON values as the messages of apimachinery and intstr that have a JSON form of their own: the opposite of `special-messages.ts`. */
import { ProtobufError } from './protobuf-error.ts';
import { encodeUtf8 } from './utf8.ts';
import { WireWriter } from './wire-writer.ts';

/** Encodes the value; undefined is what Go has when nothing is set. */
type SpecialEncoder = (value: unknown, writer: WireWriter) => void;

const encoders: ReadonlyMap<string, SpecialEncoder> = new Map<string, SpecialEncoder>([
  ['Time', encodeTime],
  ['MicroTime', encodeTime],
  ['Quantity', encodeQuantity],
  ['IntOrString', encodeIntOrString],
  ['FieldsV1', encodeRaw],
  ['RawExtension', encodeRaw],
  ['ExtraValue', encodeItems],
  ['Verbs', encodeItems],
]);

/** Whether a message has a JSON form of its own. */
export function isSpecial(name: string): boolean {
  return encoders.has(name);
}

/** The bytes of such a message. Throws ProtobufError for a value that it cannot carry. */
export function encodeSpecial(name: string, value: unknown): Uint8Array {
  const writer = new WireWriter();
  encoders.get(name)?.(value, writer);
  return writer.finish();
}

/** 1 seconds, 2 nanos; nothing for the zero time. */
function encodeTime(value: unknown, writer: WireWriter): void {
  if (value === undefined || value === null || value === '') return;
  const match = typeof value === 'string' ? /^(.*:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/.exec(value) : null;
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(ms)) throw new ProtobufError('malformed', `${JSON.stringify(value)} is no time`);
  writer.integer(1, ms / 1_000);
  writer.integer(2, Number((match?.[2] ?? '').slice(0, 9).padEnd(9, '0')));
}

/** 1 string; JSON may say a number. */
function encodeQuantity(value: unknown, writer: WireWriter): void {
  writer.bytes(1, encodeUtf8(typeof value === 'string' || typeof value === 'number' ? String(value) : '0'));
}

/** 1 type (0 = int, 1 = string), 2 intVal, 3 strVal. */
function encodeIntOrString(value: unknown, writer: WireWriter): void {
  const isText = typeof value === 'string';
  writer.integer(1, isText ? 1 : 0);
  writer.integer(2, typeof value === 'number' ? value : 0);
  writer.bytes(3, encodeUtf8(isText ? value : ''));
}

/** 1 raw, JSON. */
function encodeRaw(value: unknown, writer: WireWriter): void {
  if (value !== undefined && value !== null) writer.bytes(1, encodeUtf8(JSON.stringify(value)));
}

/** 1 items. */
function encodeItems(value: unknown, writer: WireWriter): void {
  if (!Array.isArray(value)) return;
  for (const item of value as readonly unknown[]) if (typeof item === 'string') writer.bytes(1, encodeUtf8(item));
}
