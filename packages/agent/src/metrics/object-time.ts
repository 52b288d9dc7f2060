/**
 * When an object was last changed, as far as the object itself tells. For measurements only, so it is read
 * of objects that nobody has checked: what is of another type counts as absent.
 */
import type { ObjectMeta } from '@weir/kube';

/**
 * Milliseconds since 1970 of the newest of creation, the last write by a field manager, and the request
 * to delete; undefined when the object carries no time. Kubernetes writes whole seconds.
 */
export function objectTimeMs(metadata: ObjectMeta): number | undefined {
  const { creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, managedFields } = metadata;
  const writes: readonly unknown[] = Array.isArray(managedFields) ? managedFields : [];
  const times = [creationTimestamp, ...writes.map(timeOf)].map(parseTime);
  // Kubernetes sets it to the end of the grace period, which is still to come.
  const deletion = parseTime(deletionTimestamp);
  if (deletion !== undefined)
    times.push(deletion - (typeof deletionGracePeriodSeconds === 'number' ? deletionGracePeriodSeconds : 0) * 1_000);
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function timeOf(write: unknown): unknown {
  return typeof write === 'object' && write !== null && 'time' in write ? write.time : undefined;
}

function parseTime(text: unknown): number | undefined {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
