/**
 * Packets and bytes per rule and per program, over the life of the back end.
 *
 * The kernel counts per element and forgets with the element; what a deleted element had counted
 * is added up here, so that counts never go back.
 */
import { type DumpedElement, type NftablesConnection, readHostU32 } from '@weir/kernel';
import { sharedSets, weirTable } from './sets.ts';

/** How often and how much. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** Both kinds of counts. */
export class RuleCounts {
  readonly #retiredRules = new Counts(({ comment }) => comment);
  readonly #retiredPrograms = new Counts(({ key }) => String(readHostU32(Buffer.from(key), 0)));

  /** Keeps what elements of a counted set had counted that are not there any more. */
  retire(set: string, elements: readonly DumpedElement[]): void {
    if (set === sharedSets.denied) this.#retiredPrograms.add(elements);
    else this.#retiredRules.add(elements);
  }

  /** Counts by the id of the rule. */
  ofRules(connection: NftablesConnection): (id: string) => Count {
    return this.#retiredRules.with(connection.elements(weirTable, sharedSets.rules));
  }

  /** Counts by the number of the program. */
  ofPrograms(connection: NftablesConnection): (program: number) => Count {
    const count = this.#retiredPrograms.with(connection.elements(weirTable, sharedSets.denied));
    return (program) => count(String(program));
  }
}

class Counts {
  readonly #counts = new Map<string, Count>();
  readonly #keyOf: (element: DumpedElement) => string | undefined;

  constructor(keyOf: (element: DumpedElement) => string | undefined) {
    this.#keyOf = keyOf;
  }

  /** Adds what elements have counted; those without a key count for nothing. */
  add(elements: readonly DumpedElement[]): void {
    for (const element of elements) {
      const key = this.#keyOf(element);
      if (key === undefined || element.packets === undefined || element.packets === 0n) continue;
      const before = this.#get(key);
      this.#counts.set(key, { packets: before.packets + element.packets, bytes: before.bytes + (element.bytes ?? 0n) });
    }
  }

  /** These counts and what elements in force have counted so far. */
  with(elements: readonly DumpedElement[]): (key: string) => Count {
    const sum = new Counts(this.#keyOf);
    for (const [key, count] of this.#counts) sum.#counts.set(key, count);
    sum.add(elements);
    return (key) => sum.#get(key);
  }

  #get(key: string): Count {
    return this.#counts.get(key) ?? { packets: 0n, bytes: 0n };
  }
}
