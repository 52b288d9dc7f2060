/** Bytes to base64 (RFC 4648 §4), as JSON carries `bytes` fields. */

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
