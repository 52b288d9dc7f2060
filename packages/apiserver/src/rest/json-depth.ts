/** A limit on how deep values are nested, so that code that walks them cannot run out of stack. */
import { badRequest } from '../errors/api-error.ts';

/** Far beyond any real object. */
const depthLimit = 500;

/** Throws 400 when a value is nested too deep; walks level by level, without recursion. */
export function assertBoundedDepth(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthLimit) throw badRequest(`the object is nested deeper than ${depthLimit} levels`);
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? (Object.values(item) as unknown[]) : []));
  }
}
