/** Bytes to base64 (RFC 4648 §4) and back, as JSON carries `bytes` fields. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Encodes `bytes` with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const rest = bytes.length - index;
    const third = rest > 1 ? character(group >> 6) : '=';
    const fourth = rest > 2 ? character(group) : '=';
    parts.push(character(group >> 18), character(group >> 12), third, fourth);
  }
  return parts.join('');
}

function character(value: number): string {
  return alphabet.charAt(value & 0x3f);
}

/** Decodes base64; what is no letter of the alphabet (padding, ends of lines) is passed over. */
export function decodeBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const value = alphabet.indexOf(letter);
    if (value < 0) continue;
    bits = ((bits << 6) | value) & 0xff_ff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[length++] = (bits >> held) & 0xff;
  }
  return bytes.subarray(0, length);
}
