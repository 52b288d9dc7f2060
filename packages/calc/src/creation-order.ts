/** Creation times as numbers that can be compared. */

/** An RFC 3339 time in UTC as a number that grows with it: its digits up to seconds; 0 when not given. */
export function creationOrder(timestamp: string | null | undefined): number {
  return timestamp === null || timestamp === undefined ? 0 : Number(timestamp.slice(0, 19).replaceAll(/\D/g, '')) || 0;
}
