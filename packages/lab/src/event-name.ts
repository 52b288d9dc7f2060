/** Names of Events: the object's, and the time in nanoseconds as upstream has it, so that a list shows those of one second in their order. */

let last = 0n;

/** A name that sorts behind all that this process has given out for the object. */
export function eventName(object: string): string {
  const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000)) * 1_000n;
  last = now > last ? now : last + 1n;
  // Names of pods fill what a name may have.
  return `${object.slice(0, 200)}.${last.toString(16)}`;
}
