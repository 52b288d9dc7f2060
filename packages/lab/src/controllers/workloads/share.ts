/** Numbers or percentages of a number of pods (`intstr.GetScaledValueFromIntOrPercent`). */
import type { IntOrString } from '@weir/kube';

/** How many of `total` the share is; a percentage is rounded up or down. */
export function shareOf(share: IntOrString | undefined, total: number, rounding: 'up' | 'down'): number {
  if (share === undefined) return 0;
  if (typeof share === 'number') return share;
  const exact = (Number.parseInt(share, 10) * total) / 100;
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact);
}

/** How many pods a rolling update may have too many and too few; never neither, or it could not move. */
export function rollingShares(
  rolling: { readonly maxSurge?: IntOrString; readonly maxUnavailable?: IntOrString } | undefined,
  total: number,
): { readonly surge: number; readonly unavailable: number } {
  const surge = shareOf(rolling?.maxSurge, total, 'up');
  const unavailable = shareOf(rolling?.maxUnavailable, total, 'down');
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}
