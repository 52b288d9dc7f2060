/** Field errors, made in few words. */
import type { FieldError } from '@weir/kube';

/** A value that cannot be. */
export function invalid(field: string, value: unknown, message: string): FieldError {
  return { reason: 'FieldValueInvalid', field, value, message };
}

/** A field that must be there. */
export function required(field: string, message: string): FieldError {
  return { reason: 'FieldValueRequired', field, message };
}

/** A field that must not be there. */
export function forbidden(field: string, message: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message };
}

/** A value that is none of the allowed ones. */
export function notSupported(field: string, value: unknown, allowed: readonly string[]): FieldError {
  return {
    reason: 'FieldValueNotSupported',
    field,
    value,
    message: `supported values: ${allowed.map((each) => JSON.stringify(each)).join(', ')}`,
  };
}
