/**
 * What to send after a delta that could not be applied.
 *
 * The back end may or may not have taken the failed delta into its own books, so what follows must be
 * right for both: everything that the second delta adds is added even if the first one removed it (and
 * the other way round), where the plain {@link squash} lets the two cancel out.
 */
import { type Changes, type Delta, squash } from '@weir/calc';

/** `failed` and then `next`, for a back end that has seen `failed` in part, in whole or not at all. */
export function retryDelta(failed: Delta, next: Delta): Delta {
  const merged = squash(failed, next);
  return {
    ...merged,
    peerSets: both(merged.peerSets, next.peerSets),
    classes: both(merged.classes, next.classes),
    programs: both(merged.programs, next.programs),
  };
}

function both<T extends { readonly key: string }>(merged: Changes<T, string>, next: Changes<T, string>): Changes<T, string> {
  return {
    upserts: [...new Map([...merged.upserts, ...next.upserts].map((item) => [item.key, item])).values()],
    removals: [...new Set([...merged.removals, ...next.removals])],
  };
}
