/**
 * Packets and bytes per rule and per program, over the life of the back end.
 *
 * The kernel counts per number and forgets with the element; what a deleted element had counted is added
 * up here, so that counts do not go back. Those gone for long are forgotten.
 */
import type { BpfElement, BpfMap } from '@weir/kernel';
import { u32 } from './records.ts';

/** How often and how much. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** How many are remembered; those that retired first are forgotten first. */
const rememberedLimit = 100_000;
const countBytes = 16;
const noContent = new Uint8Array();
const none: Count = { packets: 0n, bytes: 0n };

/** What the elements of `counts` stand for, and what those that are gone have counted. */
export class CountBook {
  readonly #map: BpfMap;
  /** What each number that this process put there counts for. */
  readonly #subjects = new Map<number, string>();
  readonly #retired = new Map<string, Count>();

  constructor(map: BpfMap) {
    this.#map = map;
  }

  /** Begins to count for numbers that are not counted yet. */
  take(counted: ReadonlyMap<number, string>): void {
    const fresh = [...counted].filter(([number]) => !this.#subjects.has(number));
    const value = Buffer.alloc(this.#map.valueBytes);
    this.#map.setAll(fresh.map(([number]) => ({ key: u32(number), value })));
    for (const [number, subject] of fresh) this.#subjects.set(number, subject);
  }

  /** Counts no longer for numbers that no packet meets any more. */
  leave(numbers: readonly number[]): void {
    for (const number of numbers) {
      const subject = this.#subjects.get(number);
      const value = this.#map.get(u32(number));
      if (subject !== undefined && value !== undefined) this.#retire(subject, sumOfProcessors(value));
      this.#subjects.delete(number);
    }
    this.#map.deleteAll(numbers.map(u32));
  }

  /** Numbers that are counted beside these, such as those of an earlier process. */
  others(counted: ReadonlyMap<number, string>): number[] {
    const others: number[] = [];
    for (const piece of this.#map.pieces()) {
      for (const { key } of piece) {
        const number = Buffer.from(key).readUInt32LE(0);
        if (!counted.has(number)) others.push(number);
      }
    }
    return others;
  }

  /** The elements that shall be there, without values. */
  *wanted(): Iterable<BpfElement> {
    for (const number of this.#subjects.keys()) yield { key: u32(number), value: noContent };
  }

  /** Numbers that shall be there and are not. */
  #missing(): number[] {
    const there = new Set<number>();
    for (const piece of this.#map.pieces()) for (const { key } of piece) there.add(Buffer.from(key).readUInt32LE(0));
    return [...this.#subjects.keys()].filter((number) => !there.has(number));
  }

  /** Those that others took away are put there again with the next generation. */
  forgetMissing(): void {
    for (const number of this.#missing()) this.#subjects.delete(number);
  }

  /** All counts by subject. */
  counts(): (subject: string) => Count {
    const sums = new Map(this.#retired);
    for (const piece of this.#map.pieces()) {
      for (const { key, value } of piece) {
        const subject = this.#subjects.get(Buffer.from(key).readUInt32LE(0));
        if (subject !== undefined) sums.set(subject, sumOf(this.#retired.get(subject) ?? none, sumOfProcessors(Buffer.from(value))));
      }
    }
    return (subject) => sums.get(subject) ?? none;
  }

  #retire(subject: string, count: Count): void {
    if (count.packets === 0n) return;
    const before = this.#retired.get(subject) ?? none;
    this.#retired.delete(subject);
    this.#retired.set(subject, sumOf(before, count));
    for (const oldest of this.#retired.keys()) {
      if (this.#retired.size <= rememberedLimit) break;
      this.#retired.delete(oldest);
    }
  }
}

function sumOf(a: Count, b: Count): Count {
  return { packets: a.packets + b.packets, bytes: a.bytes + b.bytes };
}

function sumOfProcessors(value: Buffer): Count {
  let sum = none;
  for (let offset = 0; offset < value.length; offset += countBytes) {
    sum = sumOf(sum, { packets: value.readBigUInt64LE(offset), bytes: value.readBigUInt64LE(offset + 8) });
  }
  return sum;
}
