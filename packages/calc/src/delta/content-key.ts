/**
 * Canonical text → the key that stands for it.
 *
 * Short texts are their own key, so that small states read well; long ones (a class can be in
 * thousands of sets) become a digest, so that keys that hold keys stay bounded. The digest is
 * SHA-256 because a key is an identity: whoever writes policies must not be able to craft two
 * contents with one key. The package is pure, so the hash is computed here (FIPS 180-4).
 */
import type { ContentKey } from './delta.ts';

/** Texts up to this many UTF-16 code units are their own key. */
const readableLimit = 80;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The key of a canonical text: the text itself, or `#` and 132 bits of its SHA-256 in base64url. */
export function contentKey(text: string): ContentKey {
  if (text.length <= readableLimit && !text.startsWith('#')) return text;
  const words = sha256(text);
  let digest = '#';
  // 22 characters of 6 bits, most significant first.
  for (let bit = 0; bit < 132; bit += 6) digest += alphabet.charAt(bitsAt(words, bit));
  return digest;
}

/** Six bits of the digest from bit `at` on. */
function bitsAt(words: Uint32Array, at: number): number {
  const word = at >>> 5;
  const offset = at & 31;
  const high = words[word] ?? 0;
  if (offset <= 26) return (high >>> (26 - offset)) & 63;
  const low = words[word + 1] ?? 0;
  return ((high << (offset - 26)) | (low >>> (58 - offset))) & 63;
}

/** SHA-256 over the text's UTF-16 code units, two bytes each, high byte first. */
export function sha256(text: string): Uint32Array {
  const state = Int32Array.from(initialState);
  const schedule = new Int32Array(64);
  const bytes = text.length * 2;
  const blocks = Math.floor((bytes + 8) / 64) + 1;
  for (let block = 0; block < blocks; block++) {
    fillBlock(schedule, text, block * 32);
    if (block === blocks - 1) {
      schedule[14] = Math.floor(bytes / 0x20000000);
      schedule[15] = bytes << 3;
    }
    compress(state, schedule);
  }
  return new Uint32Array(state.buffer);
}

/** Sixteen words of the padded message, from the code unit at `start` on. */
function fillBlock(schedule: Int32Array, text: string, start: number): void {
  for (let i = 0; i < 16; i++) {
    schedule[i] = (unitAt(text, start + i * 2) << 16) | unitAt(text, start + i * 2 + 1);
  }
}

/** A code unit of the message; after its end the padding: one bit, then zeros. */
function unitAt(text: string, index: number): number {
  if (index < text.length) return text.charCodeAt(index);
  return index === text.length ? 0x8000 : 0;
}

function compress(state: Int32Array, w: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15] as number;
    const b = w[i - 2] as number;
    const small0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const small1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    w[i] = ((w[i - 16] as number) + small0 + (w[i - 7] as number) + small1) | 0;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i++) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + big1 + ((e & f) ^ (~e & g)) + (roundConstants[i] as number) + (w[i] as number)) | 0;
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const added = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] = (state[i] as number) + (added[i] as number);
}

/** With a sign, as all words here: numbers beyond 31 bits are slow. */
function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

/** The first 64 primes, from which FIPS 180-4 derives its constants. */
const primes = firstPrimes(64);
const roundConstants: Int32Array = Int32Array.from(primes.map((prime) => fractionBits(Math.cbrt(prime))));
const initialState: Int32Array = Int32Array.from(primes.slice(0, 8).map((prime) => fractionBits(Math.sqrt(prime))));

/** The first 32 bits of a number's fractional part; exact, since 53 bits hold 9 + 32. */
function fractionBits(value: number): number {
  return Math.floor((value - Math.floor(value)) * 4294967296) | 0;
}

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}
