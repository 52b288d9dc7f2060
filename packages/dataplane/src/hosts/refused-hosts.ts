/** The host endpoints of a state, for back ends that enforce none: each is refused by name, and nothing is put in its place. */
import type { Delta } from '@weir/calc';
import type { RefusedHost } from '../dataplane.ts';
import { type BackEndWithoutHosts, hostRefusals } from '../programs/host-refusal.ts';

/** Follows deltas. */
export class RefusedHosts {
  readonly #reason: string;
  readonly #names = new Map<string, string>();

  constructor(backEnd: BackEndWithoutHosts) {
    this.#reason = hostRefusals[backEnd];
  }

  /** Takes over a delta; gives all that are there now. */
  apply({ hosts }: Delta): readonly RefusedHost[] {
    for (const { uid, name } of hosts.upserts) this.#names.set(uid, name);
    for (const uid of hosts.removals) this.#names.delete(uid);
    return [...this.#names].map(([uid, name]) => ({ uid, name, reason: this.#reason }));
  }
}
