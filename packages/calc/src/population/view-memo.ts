/**
 * Answers that are the same for all label sets with one view (see `label-interest.ts`), kept between flushes.
 *
 * Without it, each new pod is asked about by every selector that no index can rule out. An answer goes with
 * what it is, and all go when the selectors change.
 */

/** What can be an answer: it knows the views under which it is kept. */
export interface Viewed {
  readonly views: string[];
}

/** More are not kept from one flush to the next. */
const keptViews = 1_024;

/** Answers by view; null where there is none. */
export class ViewMemo<T extends Viewed> {
  readonly #answers: Map<string, T | null> = new Map();

  /** How many answers are kept. */
  get size(): number {
    return this.#answers.size;
  }

  /** The answer for the view, given before or made now; undefined when there is none. */
  of(view: string, make: () => T | undefined): T | undefined {
    const known = this.#answers.get(view);
    if (known !== undefined) return known ?? undefined;
    const made = make();
    this.#answers.set(view, made ?? null);
    made?.views.push(view);
    return made;
  }

  /** Forgets an answer. */
  drop(answer: T): void {
    for (const view of answer.views) this.#answers.delete(view);
    answer.views.length = 0;
  }

  /** Forgets all answers: they came from other selectors. */
  clear(): void {
    for (const answer of this.#answers.values()) if (answer !== null) answer.views.length = 0;
    this.#answers.clear();
  }

  /** Forgets all answers if they are more than are worth their memory. */
  trim(): void {
    if (this.#answers.size > keptViews) this.clear();
  }
}
