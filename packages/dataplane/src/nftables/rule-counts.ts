/**
 * Packets and bytes per rule and per program, over the life of the back end.
 *
 * The kernel counts per element and forgets with the element; what a deleted element had counted
 * is added up here, so that counts do not go back. Rules and programs that are gone for long are
 * forgotten: policies that change for years must not fill the memory.
 */
import { type DumpedElement, readHostU32 } from '@weir/kernel';
import { sharedSets } from './sets.ts';

/** How often and how much. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** How many of each kind are remembered; those that retired first are forgotten first. */
const rememberedLimit = 50_000;

/** Both kinds of counts. */
export class RuleCounts {
  readonly #retiredRules = new Counts(({ comment }) => comment);
  readonly #retiredPrograms = new Counts(({ key }) => String(readHostU32(Buffer.from(key), 0)));

  /** Keeps what elements of a counted set had counted that are not there any more. */
  retire(set: string, elements: readonly DumpedElement[]): void {
    if (set === sharedSets.denied) this.#retiredPrograms.retire(elements);
    else this.#retiredRules.retire(elements);
  }

  /** Counts by the id of the rule, given the elements of `rules` that are in the kernel. */
  ofRules(elements: readonly DumpedElement[]): (id: string) => Count {
    return this.#retiredRules.with(elements);
  }

  /** Counts by the number of the program, given the elements of `denied` that are in the kernel. */
  ofPrograms(elements: readonly DumpedElement[]): (program: number) => Count {
    const count = this.#retiredPrograms.with(elements);
    return (program) => count(String(program));
  }
}

class Counts {
  readonly #counts = new Map<string, Count>();
  readonly #keyOf: (element: DumpedElement) => string | undefined;

  constructor(keyOf: (element: DumpedElement) => string | undefined) {
    this.#keyOf = keyOf;
  }

  /** Keeps what elements have counted. */
  retire(elements: readonly DumpedElement[]): void {
    this.#add(elements);
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= rememberedLimit) break;
      this.#counts.delete(oldest);
    }
  }

  /** Adds what elements have counted; those without a key count for nothing. */
  #add(elements: readonly DumpedElement[]): void {
    for (const element of elements) {
      const key = this.#keyOf(element);
      if (key === undefined || element.packets === undefined || element.packets === 0n) continue;
      const before = this.#get(key);
      this.#counts.delete(key);
      this.#counts.set(key, { packets: before.packets + element.packets, bytes: before.bytes + (element.bytes ?? 0n) });
    }
  }

  /** These counts and what elements in force have counted so far. */
  with(elements: readonly DumpedElement[]): (key: string) => Count {
    const sum = new Counts(this.#keyOf);
    for (const [key, count] of this.#counts) sum.#counts.set(key, count);
    sum.#add(elements);
    return (key) => sum.#get(key);
  }

  #get(key: string): Count {
    return this.#counts.get(key) ?? { packets: 0n, bytes: 0n };
  }
}
