/**
 * A short, stable hash of text, for ids that people and the kernel see (rule ids, veth names).
 *
 * It is not cryptographic and never an identity: whoever uses it keeps a table from the id to the
 * full content and resolves a collision there.
 */

/** 11 characters of base 36 (53 bits) that depend on nothing but the text. */
export function shortHash(text: string): string {
  return mix(text).toString(36).padStart(11, '0');
}

/** Multiply-and-xor mixing over two 32-bit lanes (the public-domain cyrb53 construction). */
function mix(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
