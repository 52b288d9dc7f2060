/**
 * Finds where JSON values end, in bytes, and makes nothing of them.
 *
 * The structure is checked: brackets that match, commas and colons in their places, texts without control
 * characters. What stands behind a backslash, and how a number is written, is left to who reads the value.
 */

/** The bytes are not JSON. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

/** Thrown where the bytes end before the value does. */
export class JsonIncomplete extends Error {
  override readonly name = 'JsonIncomplete';
}

/** One for all: it is thrown at the end of most chunks, and its place says nothing. */
export const jsonIncomplete: JsonIncomplete = new JsonIncomplete('the JSON goes on behind these bytes');

/** Deeper nesting than any object of Kubernetes has. */
export const jsonDepthLimit = 200;

/** The bytes that structure is made of. */
export const jsonByte = {
  quote: 0x22,
  backslash: 0x5c,
  comma: 0x2c,
  colon: 0x3a,
  openObject: 0x7b,
  closeObject: 0x7d,
  openArray: 0x5b,
  closeArray: 0x5d,
} as const;

const { quote, backslash, comma, colon, openObject, closeObject, openArray, closeArray } = jsonByte;

/** What stands in {@link kinds} for the containers that are open. */
const kinds = new Uint8Array(jsonDepthLimit + 1);

/** The index behind the value that begins at `at` or after space there. */
export function skipJson(bytes: Uint8Array, at: number): number {
  let depth = 0;
  let index = at;
  do {
    index = skipSpace(bytes, index);
    const byte = bytes[index];
    if (byte === openObject || byte === openArray) {
      index = skipSpace(bytes, index + 1);
      const close = byte === openObject ? closeObject : closeArray;
      if (bytes[index] !== close) {
        if (depth === jsonDepthLimit) throw jsonGarbage(bytes, index, `deeper nesting than ${jsonDepthLimit}`);
        kinds[depth++] = close;
        if (close === closeObject) index = skipKey(bytes, index);
        continue;
      }
      index++;
    } else {
      index = byte === quote ? skipText(bytes, index) : skipScalar(bytes, index);
    }
    // Behind a value: the containers that end with it are closed, until one goes on.
    while (depth > 0) {
      index = skipSpace(bytes, index);
      const close = kinds[depth - 1];
      if (bytes[index] === comma) {
        index = close === closeObject ? skipKey(bytes, skipSpace(bytes, index + 1)) : index + 1;
        break;
      }
      if (bytes[index] !== close) throw jsonGarbage(bytes, index, 'a comma or a closing bracket is expected');
      index++;
      depth--;
    }
  } while (depth > 0);
  return index;
}

/** The index of the first byte that is no space. Throws {@link JsonIncomplete} where there is none. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  for (let index = at; ; index++) {
    const byte = bytes[index];
    if (byte === undefined) throw jsonIncomplete;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return index;
  }
}

/** The index behind the text that begins at `at`. */
export function skipText(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== quote) throw jsonGarbage(bytes, at, 'a text is expected');
  const end = bytes.length;
  for (let index = at + 1; index < end; index++) {
    const byte = bytes[index] as number;
    if (byte === quote) return index + 1;
    if (byte === backslash) index++;
    else if (byte < 0x20) throw jsonGarbage(bytes, index, 'a text contains a control character');
  }
  throw jsonIncomplete;
}

/** The index behind the number or word that begins at `at`; what ends it must be there. */
export function skipScalar(bytes: Uint8Array, at: number): number {
  let index = at;
  for (; ; index++) {
    const byte = bytes[index];
    if (byte === undefined) throw jsonIncomplete;
    const isPart =
      (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x2e || byte === 0x2b || byte === 0x45;
    if (!isPart) break;
  }
  if (index === at) throw jsonGarbage(bytes, at, 'a value is expected');
  return index;
}

/** The index behind the colon of the member that begins at `at`. */
function skipKey(bytes: Uint8Array, at: number): number {
  const index = skipSpace(bytes, skipText(bytes, at));
  if (bytes[index] !== colon) throw jsonGarbage(bytes, index, 'a colon is expected');
  return index + 1;
}

/** An error about the byte that stands there; no more of the answer is quoted, it can be a secret. */
export function jsonGarbage(bytes: Uint8Array, at: number, problem: string): JsonSyntaxError {
  const byte = bytes[at];
  const found = byte === undefined ? 'the end' : byte < 0x7f && byte > 0x20 ? String.fromCharCode(byte) : `0x${byte.toString(16)}`;
  return new JsonSyntaxError(`${problem}, at byte ${at} there is ${found}`);
}
