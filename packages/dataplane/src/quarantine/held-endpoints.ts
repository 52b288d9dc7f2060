/** What the kernel holds for endpoints that changed since it last took everything. */
import type { ProgramsInForce } from '../endpoints/programmed-endpoints.ts';

/** By uid. */
export class HeldEndpoints<P> {
  readonly #held = new Map<string, ProgramsInForce<P> | undefined>();

  /** Remembers what was in force before the first change. */
  changes(uid: string, before: ProgramsInForce<P> | undefined): void {
    if (!this.#held.has(uid)) this.#held.set(uid, before);
  }

  get(uid: string): ProgramsInForce<P> | undefined {
    return this.#held.get(uid);
  }

  /** The kernel holds what there is. */
  confirm(): void {
    this.#held.clear();
  }
}
