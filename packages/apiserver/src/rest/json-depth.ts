/** A limit on how deep values are nested, so that code that walks them cannot run out of stack. */
import { badRequest } from '../errors/api-error.ts';

/** Far beyond any real object, and far from the end of the stack. */
const depthLimit = 500;

/** Throws 400 when a value is nested too deep. */
export function assertBoundedDepth(value: unknown, left: number = depthLimit): void {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw badRequest(`the object is nested deeper than ${depthLimit} levels`);
  for (const member of Object.values(value)) assertBoundedDepth(member, left - 1);
}
