/**
 * The next version of an object with as much as possible of the version before.
 *
 * Most versions differ from the one before in a field or two. Whoever keeps parts of both (a copy of a
 * resource and an engine that is fed from it) would keep equal texts and lists twice.
 */

type JsonContainer = Record<string, unknown>;

/**
 * Gives `next`, or `before` when they are equal; equal parts of `next` are replaced by those of `before`.
 * Both are JSON, and nobody else has `next` yet; its depth is limited by who decoded it.
 */
export function sharing<T>(before: unknown, next: T): T {
  return share(before, next) as T;
}

function share(before: unknown, next: unknown): unknown {
  if (!isContainer(next)) return before === next ? before : next;
  if (!isContainer(before) || Array.isArray(before) !== Array.isArray(next)) return next;
  const fields = Object.keys(next);
  let isSame = Object.keys(before).length === fields.length;
  for (const field of fields) {
    if (!Object.hasOwn(before, field)) {
      isSame = false;
      continue;
    }
    const shared = share(before[field], next[field]);
    if (shared !== before[field]) isSame = false;
    // Texts too: equal ones are two objects. A member of that name was defined, not set.
    if (field !== '__proto__') next[field] = shared;
  }
  return isSame ? before : next;
}

function isContainer(value: unknown): value is JsonContainer {
  return typeof value === 'object' && value !== null;
}
