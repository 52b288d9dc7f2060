/** When an object was last changed, as far as the object itself tells. */
import type { ObjectMeta } from '@weir/kube';

/**
 * Milliseconds since 1970 of the newest of creation, the last write by a field manager, and the request
 * to delete; undefined when the object carries no time. Kubernetes writes whole seconds.
 */
export function objectTimeMs(metadata: ObjectMeta): number | undefined {
  const { creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds = 0, managedFields = [] } = metadata;
  const times = [creationTimestamp, ...managedFields.map(({ time }) => time)].map(parseTime);
  // Kubernetes sets it to the end of the grace period, which is still to come.
  const deletion = parseTime(deletionTimestamp);
  if (deletion !== undefined) times.push(deletion - deletionGracePeriodSeconds * 1_000);
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function parseTime(text: string | null | undefined): number | undefined {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
