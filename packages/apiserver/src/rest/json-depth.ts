/** A limit on how deep values are nested, so that code that walks them cannot run out of stack. */
import { badRequest } from '../errors/api-error.ts';

/** Far beyond any real object. */
const depthLimit = 500;

/** Throws 400 when a value is nested too deep; never goes deeper itself. */
export function assertBoundedDepth(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > depthLimit) throw badRequest(`the object is nested deeper than ${depthLimit} levels`);
  const below = depth + 1;
  if (Array.isArray(value)) {
    for (const item of value) assertBoundedDepth(item, below);
    return;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const key in object) assertBoundedDepth(object[key], below);
}
