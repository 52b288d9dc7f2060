/**
 * Endpoints whose ACLs HNS does not take. They are closed, everything else goes on, and they are tried
 * again when their rules change, and from time to time.
 */
import type { ContentKey } from '@weir/calc';
import { RetryPace } from '../quarantine/retry-pace.ts';
import type { EndpointState } from './acl-documents.ts';

interface Rejection {
  readonly state: EndpointState;
  readonly reason: string;
}

/** Endpoints by their ids. */
export class RejectedEndpoints {
  readonly #rejections = new Map<string, Rejection>();
  readonly #pace = new RetryPace();

  has(id: string): boolean {
    return this.#rejections.has(id);
  }

  add(id: string, rejection: Rejection): void {
    this.#rejections.set(id, rejection);
    this.#pace.refused(performance.now());
  }

  /** Those that shall be tried again now: the ones that `isTouched` names, and all when it is time. */
  retry(isTouched: (id: string) => boolean): Set<string> {
    const isDue = this.#pace.remainingMs(performance.now()) === 0;
    const ids = new Set([...this.#rejections.keys()].filter((id) => isDue || isTouched(id)));
    for (const id of ids) this.#rejections.delete(id);
    return ids;
  }

  /** The programs that are not in force for that reason, and when it is time to try again. */
  report(): { readonly quarantined: readonly { readonly program: ContentKey; readonly reason: string }[]; readonly retryInMs?: number } {
    if (this.#rejections.size === 0) {
      this.#pace.accepted();
      return { quarantined: [] };
    }
    const reasons = new Map<ContentKey, string>();
    for (const { state, reason } of this.#rejections.values()) {
      for (const program of [state.ingress, state.egress])
        if (typeof program === 'object') reasons.set(program.key, `HNS rejects it: ${reason}`);
    }
    return {
      quarantined: [...reasons].map(([program, reason]) => ({ program, reason })),
      retryInMs: this.#pace.remainingMs(performance.now()),
    };
  }
}
