/**
 * What the sets of the table should hold, in a few numbers each: enough to see that a read-back is the
 * same, without a copy of a hundred thousand elements in memory.
 *
 * A digest is the number of elements and two sums of their hashes, so elements come and go in any order.
 */
import type { SetElement } from '@weir/kernel';
import type { ElementsBySet } from './element.ts';

/** The digest of one set's elements. */
export class SetDigest {
  #elements = 0;
  #first = 0;
  #second = 0;

  add(element: SetElement): void {
    this.#count(element, 1);
  }

  remove(element: SetElement): void {
    this.#count(element, -1);
  }

  /** How many elements it is of. */
  get elements(): number {
    return this.#elements;
  }

  equals(other: SetDigest): boolean {
    return this.#elements === other.#elements && this.#first === other.#first && this.#second === other.#second;
  }

  #count(element: SetElement, by: 1 | -1): void {
    hashInto(pair, element);
    this.#elements += by;
    this.#first = (this.#first + by * pair.first) | 0;
    this.#second = (this.#second + by * pair.second) | 0;
  }
}

/** Digests of all sets that hold the desired state. */
export class ContentDigest {
  #sets = new Map<string, SetDigest>();

  /** How many elements all sets have together. */
  get elements(): number {
    let sum = 0;
    for (const digest of this.#sets.values()) sum += digest.elements;
    return sum;
  }

  /** Begins anew with these elements. */
  reset(elements: ElementsBySet): void {
    this.#sets = new Map();
    for (const [set, list] of elements) {
      const digest = this.of(set);
      for (const element of list) digest.add(element);
    }
  }

  /** The digest of a set, which may be changed. */
  of(set: string): SetDigest {
    let digest = this.#sets.get(set);
    if (digest === undefined) {
      digest = new SetDigest();
      this.#sets.set(set, digest);
    }
    return digest;
  }
}

interface HashPair {
  first: number;
  second: number;
}

/** Used again and again: elements are counted by the hundred thousand. */
const pair: HashPair = { first: 0, second: 0 };

/** Two hashes in the manner of FNV-1a over all that makes an element what it is. */
function hashInto(hashes: HashPair, { key, keyEnd, data, intervalEnd, comment }: SetElement): void {
  hashes.first = 0x811c9dc5;
  hashes.second = 0x9747b28c;
  mixBytes(hashes, key);
  mixBytes(hashes, keyEnd);
  mixBytes(hashes, data);
  mix(hashes, intervalEnd === true ? 1 : 0);
  if (comment !== undefined) for (let i = 0; i < comment.length; i++) mix(hashes, comment.charCodeAt(i));
  hashes.first = spread(hashes.first);
  hashes.second = spread(hashes.second);
}

function mixBytes(hashes: HashPair, bytes: Uint8Array | undefined): void {
  mix(hashes, bytes?.length ?? 255);
  if (bytes === undefined) return;
  let { first, second } = hashes;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    first = Math.imul(first ^ byte, 0x01000193);
    second = Math.imul(second ^ byte, 0x5bd1e995);
  }
  hashes.first = first;
  hashes.second = second;
}

function mix(hashes: HashPair, value: number): void {
  hashes.first = Math.imul(hashes.first ^ value, 0x01000193);
  hashes.second = Math.imul(hashes.second ^ value, 0x5bd1e995);
}

function spread(hash: number): number {
  const value = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return value ^ (value >>> 13);
}
