/**
 * Two collections of elements compared by sums over buckets of their keys: in any order, in little memory,
 * and without the buckets of which elements changed while the collections were read.
 */
import type { BpfElement } from '@weir/kernel';

/** A change of one's own leaves one of so many out. */
const buckets = 1 << 14;
const [firstBasis, secondBasis] = [0x811c9dc5, 0x9e3779b9];
const prime = 0x01000193;

/** In how many elements, at least, the collections differ. */
export interface ElementDifference {
  readonly missing: number;
  readonly surplus: number;
  readonly changed: number;
}

/** What is wanted less what is found. */
export class BucketDifference {
  readonly #counts = new Int32Array(buckets);
  readonly #firstSums = new Int32Array(buckets);
  readonly #secondSums = new Int32Array(buckets);
  readonly #skipped = new Uint8Array(buckets);

  /** `by`: 1 for a wanted element, -1 for one that was found. */
  add({ key, value }: BpfElement, by: 1 | -1): void {
    const first = hash(key, firstBasis);
    const second = hash(key, secondBasis);
    const bucket = first & (buckets - 1);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + by;
    this.#firstSums[bucket] = (this.#firstSums[bucket] ?? 0) + by * hash(value, first);
    this.#secondSums[bucket] = (this.#secondSums[bucket] ?? 0) + by * hash(value, second);
  }

  /** Says nothing of this key. */
  skip(key: Uint8Array): void {
    this.#skipped[hash(key, firstBasis) & (buckets - 1)] = 1;
  }

  result(): ElementDifference {
    const result = { missing: 0, surplus: 0, changed: 0 };
    for (let bucket = 0; bucket < buckets; bucket++) {
      const count = this.#counts[bucket] ?? 0;
      if (this.#skipped[bucket] === 1) continue;
      if (count > 0) result.missing += count;
      else if (count < 0) result.surplus -= count;
      else if (this.#firstSums[bucket] !== 0 || this.#secondSums[bucket] !== 0) result.changed++;
    }
    return result;
  }
}

/** FNV-1a. */
function hash(bytes: Uint8Array, basis: number): number {
  let sum = basis;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, prime);
  return sum ^ (sum >>> 15);
}
