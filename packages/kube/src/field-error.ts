/**
 * Errors about fields of an object, as the real API server words them (apimachinery `field.Error`).
 *
 * `message` is the detail alone; {@link formatFieldError} gives the whole line, for example
 * `spec.ingress[0].ports[0].endPort: Required value: …`.
 */

/** The kinds of field error that Weir answers, with the words of apimachinery. */
export const fieldErrorWords = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueNotFound: 'Not found',
} as const;

/** The reason that goes into `details.causes[].reason`. */
export type FieldErrorReason = keyof typeof fieldErrorWords;

/** One error about one field. `value` is what stood there, absent for Required, Forbidden and TooLong. */
export interface FieldError {
  readonly reason: FieldErrorReason;
  readonly field: string;
  readonly value?: unknown;
  readonly message: string;
}

const unknown = 'unknown field';

/** A field that its kind does not have. */
export function unknownField(field: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: unknown };
}

/** Whether an error is one of {@link unknownField}. */
export function isUnknownField({ reason, message }: FieldError): boolean {
  return reason === 'FieldValueForbidden' && message === unknown;
}

/** The words after the field path: `Invalid value: 70000: must be between 1 and 65535, inclusive`. */
export function formatFieldErrorBody(error: FieldError): string {
  const words = fieldErrorWords[error.reason];
  const value = 'value' in error ? `: ${formatValue(error.value)}` : '';
  const detail = error.message === '' ? '' : `: ${error.message}`;
  return `${words}${value}${detail}`;
}

/** The whole line, as it stands in the message of a 422. */
export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${formatFieldErrorBody(error)}`;
}

/** Values as Go prints them in field errors: strings quoted, composites as JSON. */
function formatValue(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return '""';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}
