/** Lists as they were at an older revision: the present state with the changes since then undone, read as far as the caller goes. */
import type { StoredObject } from './encoded-object.ts';
import type { StoreEvent } from './event-history.ts';
import { isInRange, keyText, type ListRange } from './store-keys.ts';

/** The present state, as far as it is needed to tell the past. */
export interface PresentObjects {
  list(range: ListRange): Iterable<StoredObject>;
  count(range: ListRange): number;
  /** By {@link keyText}. */
  has(text: string): boolean;
}

/** One list at a revision of which all later changes are known. */
export class PastObjects {
  readonly #present: PresentObjects;
  readonly #range: ListRange;
  /** What has changed since, as it was; undefined for what was not there. */
  readonly #past = new Map<string, StoredObject | undefined>();

  constructor(present: PresentObjects, range: ListRange, since: readonly StoreEvent[]) {
    this.#present = present;
    this.#range = range;
    for (const { key, previous } of since) {
      const text = keyText(key);
      if (this.#past.has(text) || !isInRange(key, text, range)) continue;
      this.#past.set(text, previous === undefined ? undefined : { key, object: previous });
    }
  }

  /** Merges what is there and has not changed since with what has, both in the order of their keys. */
  *objects(): Iterable<StoredObject> {
    const changed = [...this.#past].filter((entry) => entry[1] !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
    let next = 0;
    for (const stored of this.#present.list(this.#range)) {
      const text = keyText(stored.key);
      for (let entry = changed[next]; entry !== undefined && entry[0] <= text; entry = changed[++next]) {
        if (entry[1] !== undefined) yield entry[1];
      }
      if (!this.#past.has(text)) yield stored;
    }
    for (const [, stored] of changed.slice(next)) if (stored !== undefined) yield stored;
  }

  /** How many of them come after a key. */
  count(after: string): number {
    let counted = this.#present.count({ ...this.#range, after });
    for (const [text, stored] of this.#past) {
      if (text <= after) continue;
      counted += (stored === undefined ? 0 : 1) - (this.#present.has(text) ? 1 : 0);
    }
    return counted;
  }
}
