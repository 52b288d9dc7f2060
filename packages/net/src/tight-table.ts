/**
 * Maps and sets that are no larger for what they once held.
 *
 * V8 doubles a table that is full of present and deleted entries unless half of it are deleted ones, and
 * halves it only when three quarters are empty: where entries come and go, most tables stay twice as large
 * as tables that were only filled. These are laid out anew when a quarter as much was deleted as is there,
 * before the next entry is added; that costs some four insertions a deletion. Nobody may add to one while
 * walking through it: the walk would begin anew.
 */

/** A map whose room depends on what is in it, not on what was. */
export class TightMap<K, V> extends Map<K, V> {
  #deleted = 0;

  override set(key: K, value: V): this {
    if (this.#deleted > slack(this.size) && !this.has(key)) this.#layOut();
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    const wasThere = super.delete(key);
    if (wasThere) this.#deleted++;
    return wasThere;
  }

  override clear(): void {
    super.clear();
    this.#deleted = 0;
  }

  #layOut(): void {
    const keys = [...this.keys()];
    const values = [...this.values()];
    this.clear();
    for (const [i, key] of keys.entries()) super.set(key, values[i] as V);
  }
}

/** A set whose room depends on what is in it, not on what was. */
export class TightSet<T> extends Set<T> {
  #deleted = 0;

  override add(item: T): this {
    if (this.#deleted > slack(this.size) && !this.has(item)) this.#layOut();
    return super.add(item);
  }

  override delete(item: T): boolean {
    const wasThere = super.delete(item);
    if (wasThere) this.#deleted++;
    return wasThere;
  }

  override clear(): void {
    super.clear();
    this.#deleted = 0;
  }

  #layOut(): void {
    const items = [...this];
    this.clear();
    for (const item of items) super.add(item);
  }
}

/** How many deleted entries a table of that size may keep room for. */
function slack(size: number): number {
  return (size >>> 2) + 4;
}
