/**
 * Which resources have no objects at all.
 *
 * Every new pod is compared with all limit ranges, quotas and default priority classes, and most clusters have none:
 * whether that is so is asked of lmdb once, not with every write.
 */

/** Remembered until an object of the resource is made, or a write is undone that may have been the reason. */
export class EmptyResources {
  readonly #known = new Set<string>();

  /** Whether a resource has no objects, by what is known or by `isEmpty`. */
  has(resource: string, isEmpty: () => boolean): boolean {
    if (this.#known.has(resource)) return true;
    if (!isEmpty()) return false;
    this.#known.add(resource);
    return true;
  }

  /** An object is about to be made. */
  filled(resource: string): void {
    this.#known.delete(resource);
  }

  /** A write is undone: what it has removed is there again. */
  undone(): void {
    this.#known.clear();
  }
}
