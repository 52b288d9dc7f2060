/** UTF-8 to text (RFC 3629), strict, and back: the platform's own coders are not available to pure packages. */
import { ProtobufError } from './protobuf-error.ts';

/** Characters handed to `String.fromCharCode` at once; more could exceed the argument limit of engines. */
const chunkLength = 4_096;

/** Decodes `bytes`. Throws ProtobufError for bytes that are no UTF-8 (overlong forms and surrogates included). */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  let units: number[] = [];
  let index = 0;
  while (index < bytes.length) {
    const point = readCodePoint(bytes, index);
    index += encodedLength(point);
    if (point < 0x1_00_00) units.push(point);
    else units.push(0xd800 + ((point - 0x1_00_00) >> 10), 0xdc00 + ((point - 0x1_00_00) & 0x3ff));
    if (units.length >= chunkLength) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}

/** Encodes a text; half a surrogate pair becomes the replacement character, as the platform does it. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    let point = text.codePointAt(index) ?? 0;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xff_fd;
    if (point > 0xff_ff) index++;
    const more = encodedLength(point) - 1;
    bytes[length++] = more === 0 ? point : (leads[more] ?? 0) | (point >> (6 * more));
    for (let shift = 6 * (more - 1); shift >= 0; shift -= 6) bytes[length++] = 0x80 | ((point >> shift) & 0x3f);
  }
  return bytes.subarray(0, length);
}

/** The marks of a first byte by how many bytes follow. */
const leads: readonly number[] = [0, 0xc0, 0xe0, 0xf0];

function readCodePoint(bytes: Uint8Array, index: number): number {
  const first = bytes[index] ?? 0;
  if (first < 0x80) return first;
  if (first >= 0xc2 && first <= 0xdf) return ((first & 0x1f) << 6) | continuation(bytes, index + 1);
  if (first >= 0xe0 && first <= 0xef) {
    const point = ((first & 0x0f) << 12) | (continuation(bytes, index + 1) << 6) | continuation(bytes, index + 2);
    if (point >= 0x800 && (point < 0xd800 || point > 0xdfff)) return point;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const high = ((first & 0x07) << 18) | (continuation(bytes, index + 1) << 12);
    const point = high | (continuation(bytes, index + 2) << 6) | continuation(bytes, index + 3);
    if (point >= 0x1_00_00 && point <= 0x10_ff_ff) return point;
  }
  throw invalid();
}

function continuation(bytes: Uint8Array, index: number): number {
  const byte = bytes[index] ?? 0;
  if ((byte & 0xc0) !== 0x80) throw invalid();
  return byte & 0x3f;
}

function encodedLength(point: number): number {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x1_00_00 ? 3 : 4;
}

function invalid(): ProtobufError {
  return new ProtobufError('malformed', 'a text is not valid UTF-8');
}
