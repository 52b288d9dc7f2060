/**
 * IP addresses of both families as 32-bit words.
 *
 * An IPv4 address is one word, an IPv6 address four, most significant first, each an unsigned
 * integer below 2^32. Addresses are immutable values: compare them with {@link compareAddresses}
 * or by their canonical text, never by identity. Text forms: dotted quad without leading zeros
 * (as Go's `net.ParseIP` since 1.17 takes it), RFC 4291 in, RFC 5952 out. IPv4-mapped IPv6
 * addresses (`::ffff:a.b.c.d`) are read as IPv4, as Kubernetes does.
 */
import { assert } from './assert.ts';

/** The code of the dot, counted from that of the digit 0. */
const dot = -2;

/** The two IP families, named by their version number. */
export type Family = 4 | 6;

/** One IP address: `words` holds 1 (IPv4) or 4 (IPv6) unsigned 32-bit integers, high word first. */
export interface Address {
  readonly family: Family;
  readonly words: readonly number[];
}

/** How many bits an address of the family has: 32 or 128. */
export function familyBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** Makes an address from its words; asserts their number and range. */
export function addressFromWords(family: Family, words: readonly number[]): Address {
  assert(words.length === familyBits(family) / 32, `wrong number of words for IPv${family}`);
  return { family, words };
}

/** Reads an address, or returns undefined when the text is none. */
export function parseAddress(text: string): Address | undefined {
  if (text.includes(':')) return parseIpv6(text);
  const word = parseIpv4Word(text);
  return word === undefined ? undefined : { family: 4, words: [word] };
}

/** The canonical text of an address: dotted quad, or RFC 5952. */
export function formatAddress(address: Address): string {
  if (address.family === 4) return formatIpv4Word(address.words[0] ?? 0);
  return formatIpv6(address.words);
}

/** Orders addresses: IPv4 before IPv6, then numerically. Negative, zero or positive. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  for (let i = 0; i < a.words.length; i++) {
    const difference = (a.words[i] ?? 0) - (b.words[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The address in network byte order: 4 or 16 bytes. */
export function addressToBytes(address: Address): Uint8Array {
  const bytes = new Uint8Array(address.words.length * 4);
  const view = new DataView(bytes.buffer);
  address.words.forEach((word, i) => {
    view.setUint32(i * 4, word);
  });
  return bytes;
}

/** Reads an address from 4 or 16 bytes in network byte order; asserts the length. */
export function addressFromBytes(bytes: Uint8Array): Address {
  assert(bytes.length === 4 || bytes.length === 16, `an address has 4 or 16 bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words: number[] = [];
  for (let offset = 0; offset < bytes.length; offset += 4) words.push(view.getUint32(offset));
  return { family: bytes.length === 4 ? 4 : 6, words };
}

/** The address after this one, or undefined at the end of the family's space. */
export function nextAddress(address: Address): Address | undefined {
  return step(address, 1);
}

/** The address before this one, or undefined at the start of the family's space. */
export function previousAddress(address: Address): Address | undefined {
  return step(address, -1);
}

function step(address: Address, by: 1 | -1): Address | undefined {
  const words = [...address.words];
  for (let i = words.length - 1; i >= 0; i--) {
    const sum = (words[i] ?? 0) + by;
    if (sum >= 0 && sum <= 0xffffffff) {
      words[i] = sum;
      return { family: address.family, words };
    }
    words[i] = by === 1 ? 0 : 0xffffffff;
  }
  return undefined;
}

/** Reads a dotted quad digit by digit: lists of pods bring hundreds of thousands. */
function parseIpv4Word(text: string): number | undefined {
  let word = 0;
  let byte = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit === dot) {
      if (byte < 0) return undefined;
      word = word * 256 + byte;
      byte = -1;
      dots++;
    } else if (digit < 0 || digit > 9 || byte === 0) {
      return undefined;
    } else {
      byte = byte < 0 ? digit : byte * 10 + digit;
      if (byte > 255) return undefined;
    }
  }
  return dots === 3 && byte >= 0 ? word * 256 + byte : undefined;
}

function formatIpv4Word(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

function parseIpv6(text: string): Address | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const words: number[] = [];
  for (let i = 0; i < 8; i += 2) words.push((groups[i] ?? 0) * 65536 + (groups[i + 1] ?? 0));
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return { family: 4, words: [words[3] ?? 0] };
  return { family: 6, words };
}

/** Reads colon-separated groups; the last of the whole address may be a dotted quad. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const word = mayEndInIpv4 && i === parts.length - 1 ? parseIpv4Word(part) : undefined;
      if (word === undefined) return undefined;
      groups.push(word >>> 16, word & 0xffff);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function formatIpv6(words: readonly number[]): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  const run = longestZeroRun(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return text(groups);
  return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
