/**
 * Endpoints whose ACLs HNS does not take. They keep the rules that they had, or are closed; everything
 * else goes on, and they are tried again when their rules change, and from time to time.
 */
import type { ContentKey } from '@weir/calc';
import type { Direction } from '@weir/model';
import { RetryPace } from '../quarantine/retry-pace.ts';
import { closedEndpoint, type DirectionState, type EndpointState } from './acl-documents.ts';
import type { HnsProgram } from './hns-program.ts';
import type { PeerSets } from './peer-sets.ts';

interface Rejection {
  readonly wanted: EndpointState;
  readonly reason: string;
  /** What is in force in its place. */
  readonly instead: EndpointState;
}

/** Endpoints by their ids. */
export class RejectedEndpoints {
  readonly #sets: PeerSets;
  readonly #rejections = new Map<string, Rejection>();
  /** What HNS took last, by endpoint. */
  readonly #taken = new Map<string, EndpointState>();
  readonly #pace = new RetryPace();

  /** The sets of rules that stay are counted there. */
  constructor(sets: PeerSets) {
    this.#sets = sets;
  }

  /** What an endpoint shall have: what is wanted, or what is in its place. */
  insteadOf(id: string, wanted: EndpointState): EndpointState {
    return this.#rejections.get(id)?.instead ?? wanted;
  }

  /** HNS has taken all ACLs of the state. */
  took(id: string, state: EndpointState): void {
    this.#taken.set(id, state);
  }

  /** HNS does not take what the endpoint shall have; false when that was to close it, and nothing is left to try. */
  reject(id: string, wanted: EndpointState, reason: string): boolean {
    const before = this.#rejections.get(id);
    if ((before?.instead ?? wanted) === closedEndpoint) return false;
    if (before !== undefined) this.#release(before);
    const taken = before === undefined ? this.#taken.get(id) : undefined;
    const instead = taken === undefined ? closedEndpoint : keptState(taken, wanted);
    for (const program of programsOf(instead)) this.#sets.acquire(program);
    this.#rejections.set(id, { wanted: before?.wanted ?? wanted, reason: before?.reason ?? reason, instead });
    this.#pace.refused(performance.now());
    return true;
  }

  /** Forgets those that shall be tried again now, and returns them: the ones that `isTouched` names, and all when it is time. */
  retry(isTouched: (id: string) => boolean): Set<string> {
    const isDue = this.#pace.remainingMs(performance.now()) === 0;
    const due = [...this.#rejections].filter(([id]) => isDue || isTouched(id));
    for (const [id, rejection] of due) {
      this.#release(rejection);
      this.#rejections.delete(id);
    }
    return new Set(due.map(([id]) => id));
  }

  /** Forgets what endpoints had that are not there any more. */
  keepOnly(ids: Pick<ReadonlySet<string>, 'has'>): void {
    for (const id of this.#taken.keys()) if (!ids.has(id)) this.#taken.delete(id);
  }

  /** The programs that are not in force for that reason, and when it is time to try again. */
  report(): { readonly quarantined: readonly { readonly program: ContentKey; readonly reason: string }[]; readonly retryInMs?: number } {
    if (this.#rejections.size === 0) {
      this.#pace.accepted();
      return { quarantined: [] };
    }
    const reasons = new Map<ContentKey, string>();
    for (const { wanted, reason } of this.#rejections.values()) {
      for (const { key } of programsOf(wanted)) reasons.set(key, `HNS rejects it: ${reason}`);
    }
    return {
      quarantined: [...reasons].map(([program, reason]) => ({ program, reason })),
      retryInMs: this.#pace.remainingMs(performance.now()),
    };
  }

  #release({ instead }: Rejection): void {
    for (const program of programsOf(instead)) this.#sets.release(program);
  }
}

/** What the endpoint had, direction by direction; one that was open and shall not be is closed. */
function keptState(had: EndpointState, wanted: EndpointState): EndpointState {
  const kept = (direction: Direction): DirectionState => had[direction] ?? (wanted[direction] === undefined ? undefined : 'closed');
  return { addresses: had.addresses, ingress: kept('ingress'), egress: kept('egress') };
}

function programsOf({ ingress, egress }: EndpointState): HnsProgram[] {
  return [ingress, egress].filter((program) => typeof program === 'object');
}
