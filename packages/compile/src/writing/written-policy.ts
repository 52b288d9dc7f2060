/** What a policy of the model is in a policy API: objects that mean the same, or the reasons why there are none. */
import type { KubeObject } from '@weir/kube';
import type { PlacedPolicy } from '../policy-api.ts';

/** One policy in the words of an API. Reasons name the place in the policy that they are about. */
export type WrittenPolicy =
  | { readonly kind: 'written'; readonly objects: readonly KubeObject[] }
  | { readonly kind: 'impossible'; readonly reasons: readonly string[] };

/** Writes policies in the words of one API. */
export type PolicyWriter = (placed: PlacedPolicy) => WrittenPolicy;

/** A part of a policy that the API has no words for. */
export class NoWords extends Error {
  override readonly name = 'NoWords';
}

/** Writes the parts of something, and gathers why some of them cannot be written. */
export class ReasonList {
  readonly #reasons: string[] = [];

  /** What `write` gives; undefined, and a reason more, when there are no words for it. */
  try<T>(place: string, write: () => T): T | undefined {
    try {
      return write();
    } catch (error) {
      if (!(error instanceof NoWords)) throw error;
      this.add(place, error.message);
      return undefined;
    }
  }

  add(place: string, reason: string): void {
    this.#reasons.push(place === '' ? reason : `${place}: ${reason}`);
  }

  /** The objects, unless there is a reason against them. */
  finish(make: () => readonly KubeObject[]): WrittenPolicy {
    if (this.#reasons.length > 0) return { kind: 'impossible', reasons: [...new Set(this.#reasons)] };
    return { kind: 'written', objects: make() };
  }
}
