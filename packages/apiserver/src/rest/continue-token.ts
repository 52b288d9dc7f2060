/**
 * Continue tokens: where the next page of a list begins, and in which state of the store.
 *
 * A token whose state is gone is answered with another one, for those who would rather have the rest as it is now
 * than begin anew: it names no state.
 */
import { badRequest } from '../errors/api-error.ts';
import type { ListRange } from '../storage/store-keys.ts';

/** What a token says. */
export interface ContinueToken {
  /** The state of the store that the pages show; undefined: as it is when the page is asked for. */
  readonly revision: number | undefined;
  /** The key of the last object of the page before. */
  readonly after: string;
  /** How many objects come after it; undefined with selectors, or when it is not known. */
  readonly remaining: number | undefined;
}

/** In a token: the state of the store at the time of the request, as upstream has it. */
const presentState = -1;

/** The token as text, for `metadata.continue`. */
export function encodeContinue({ revision, after, remaining }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 1, rv: revision ?? presentState, start: after, left: remaining })).toString('base64url');
}

/** Reads a token; throws 400, also for one of another list, or of another server's future (`newest` is the newest state). */
export function decodeContinue(text: string, within: ListRange, newest: number): ContinueToken {
  try {
    const { rv, start, left } = JSON.parse(Buffer.from(text, 'base64url').toString()) as { rv?: unknown; start?: unknown; left?: unknown };
    const isVersion = typeof rv === 'number' && Number.isSafeInteger(rv) && (rv === presentState || (rv > 0 && rv <= newest));
    const prefix = within.namespace === undefined ? `${within.resource}/` : `${within.resource}/${within.namespace}/`;
    if (isVersion && typeof start === 'string' && start.startsWith(prefix)) {
      return {
        revision: rv === presentState ? undefined : rv,
        after: start,
        remaining: typeof left === 'number' ? left : undefined,
      };
    }
  } catch {
    // Falls through to the refusal.
  }
  throw badRequest('invalid continue token: continue key is not valid: it was not made by this server for this list');
}
