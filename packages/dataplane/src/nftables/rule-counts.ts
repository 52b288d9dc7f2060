/**
 * Packets and bytes per rule and per program, over the life of the back end.
 *
 * The kernel counts per element and forgets with the element; what a deleted element had counted
 * is added up here, so that counts never go back.
 */
import type { DumpedElement } from '@weir/kernel';

/** How often and how much. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** Counts by a key: the id of a rule, the number of a program. */
export class RuleCounts {
  readonly #counts = new Map<string, Count>();

  /** Counts of its own that begin where these are now. */
  copy(): RuleCounts {
    const copy = new RuleCounts();
    for (const [key, count] of this.#counts) copy.#counts.set(key, count);
    return copy;
  }

  /** Adds what elements have counted; those without a key count for nothing. */
  add(elements: readonly DumpedElement[], keyOf: (element: DumpedElement) => string | undefined): void {
    for (const element of elements) {
      const key = keyOf(element);
      if (key === undefined || element.packets === undefined || element.packets === 0n) continue;
      const before = this.get(key);
      this.#counts.set(key, { packets: before.packets + element.packets, bytes: before.bytes + (element.bytes ?? 0n) });
    }
  }

  get(key: string): Count {
    return this.#counts.get(key) ?? { packets: 0n, bytes: 0n };
  }
}
