/** Pods that were created and have not been seen yet, by owner: until the informer shows them they count. */

/** A pod that was created and never shows up is forgotten after this time. */
const expectationMs = 30_000;

/** What is on its way. */
export class ExpectedPods {
  readonly #ownerOf = new Map<string, { readonly owner: string; readonly sinceMs: number }>();

  /** `pod` is `namespace/name`, `owner` a UID. */
  expect(owner: string, pod: string): void {
    this.#ownerOf.set(pod, { owner, sinceMs: Date.now() });
  }

  /** The pod was seen, or will never be. */
  seen(pod: string): void {
    this.#ownerOf.delete(pod);
  }

  /** How many pods of the owner are on their way. */
  count(owner: string): number {
    return this.of(owner).size;
  }

  /** The pods of the owner that are on their way, as `namespace/name`. */
  of(owner: string): ReadonlySet<string> {
    const oldestMs = Date.now() - expectationMs;
    const pods = new Set<string>();
    for (const [pod, entry] of this.#ownerOf) {
      if (entry.sinceMs < oldestMs) this.#ownerOf.delete(pod);
      else if (entry.owner === owner) pods.add(pod);
    }
    return pods;
  }
}
