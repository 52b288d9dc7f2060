/**
 * Assertions for invariants: programmer errors, never user input.
 *
 * A failed assertion is a fault of ours (exit code 70); what a user can get wrong is reported as a
 * value with a code and a position instead.
 */

/** Thrown when an invariant of Weir's own does not hold. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws {@link AssertionError} unless `condition` holds; `message` says which invariant broke. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Returns `value`, or throws {@link AssertionError} when it is null or undefined. */
export function defined<T>(value: T | null | undefined, message: string): T {
  assert(value !== null && value !== undefined, message);
  return value;
}

/** Marks the branch of an exhaustive switch that must never be taken. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable case: ${String(value)}`);
}
