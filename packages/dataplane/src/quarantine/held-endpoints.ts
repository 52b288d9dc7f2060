/** What the kernel holds for endpoints that changed since it last took everything. */
import type { ProgrammedEndpoint } from '../endpoints/programmed-endpoints.ts';

/** By uid. */
export class HeldEndpoints<P> {
  readonly #held = new Map<string, ProgrammedEndpoint<P> | undefined>();

  /** Remembers what was in force before the first change. */
  changes(uid: string, before: ProgrammedEndpoint<P> | undefined): void {
    if (!this.#held.has(uid)) this.#held.set(uid, before);
  }

  get(uid: string): ProgrammedEndpoint<P> | undefined {
    return this.#held.get(uid);
  }

  /** The kernel holds what there is. */
  confirm(): void {
    this.#held.clear();
  }
}
