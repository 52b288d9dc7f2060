/** Which of two pods with one address is meant: numbers that can be compared. */
import type { ObjectMeta } from '@weir/kube';

/** Above every creation time as a number. */
const staying = 1e14;

/**
 * The greater, the likelier the address is the pod's: one that stays before one that is being deleted,
 * then the younger one. Creation times (RFC 3339 in UTC, absent: the oldest) have seconds only.
 */
export function claimPrecedence({ creationTimestamp, deletionTimestamp }: ObjectMeta): number {
  const created = typeof creationTimestamp === 'string' ? Number(creationTimestamp.slice(0, 19).replaceAll(/\D/g, '')) || 0 : 0;
  return (typeof deletionTimestamp === 'string' ? 0 : staying) + created;
}
