/** Validation of what claims ask for: in claims, in the volumes of pods, and access modes also in persistent volumes. */
import type { FieldError } from '../field-error.ts';
import { type JsonObject, listAt, objectAt } from '../registry/json-object.ts';
import { checkSupported, forbiddenField, parseQuantity, quantityRule, required } from './field-rules.ts';
import { invalidValue } from './validate-object-meta.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Errors of the list at `field`. */
export function validateAccessModes(modes: readonly unknown[], field: string): FieldError[] {
  const errors = modes.flatMap((mode, i) => checkSupported(`${field}[${i}]`, mode, accessModes));
  if (modes.length === 0) errors.push(required(field, 'at least 1 access mode is required'));
  if (modes.length > 1 && modes.includes('ReadWriteOncePod')) {
    errors.push(forbiddenField(field, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

/** Errors of a specification; `path` is where it stands. */
export function validateClaimSpec(spec: JsonObject | undefined, path: string): FieldError[] {
  const errors = validateAccessModes(listAt(spec, 'accessModes'), `${path}.accessModes`);
  const storage = objectAt(objectAt(spec, 'resources'), 'requests')?.['storage'];
  const value = parseQuantity(storage);
  if (storage === undefined) errors.push(required(`${path}.resources[storage]`));
  else if (value === undefined) errors.push(invalidValue(`${path}.resources.requests[storage]`, storage, quantityRule));
  else if (value <= 0) errors.push(invalidValue(`${path}.resources.requests[storage]`, storage, 'must be greater than zero'));
  return [...errors, ...checkSupported(`${path}.volumeMode`, spec?.['volumeMode'], ['Block', 'Filesystem'])];
}
