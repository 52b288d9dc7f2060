/** Field errors of Cilium's objects: the words are Cilium's own, the place is ours. */
import type { FieldError } from '@weir/kube';

/** A value that cannot be, in Cilium's words. */
export function problem(field: string, message: string, value?: unknown): FieldError {
  return value === undefined ? { reason: 'FieldValueForbidden', field, message } : { reason: 'FieldValueInvalid', field, value, message };
}
