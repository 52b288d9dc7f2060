/** What calicoctl checks before it asks anybody: names, labels and the rules of the kind. */
import { isCalicoKind, validateCalicoObject } from '@weir/compile';
import { type FieldError, fieldErrorWords, type JsonObject, subdomainName, validateObjectMeta } from '@weir/kube';
import { CalicoctlError } from '../calicoctl-error.ts';
import type { Resource } from './resource-kinds.ts';

/** Throws with every field that is wrong. */
export function assertValidResource(resource: Resource): void {
  const { kind = '' } = resource;
  const own = isCalicoKind(kind) ? validateCalicoObject(resource) : [];
  const isNamed = own.some(({ field }) => field === 'metadata.name');
  const common = validateObjectMeta(resource as unknown as JsonObject, {
    // Whether there is one has been settled before.
    namespaced: resource.metadata.namespace !== undefined,
    validateName: isNamed ? () => [] : subdomainName,
  });
  const errors = [...common, ...own].map(fieldText);
  const [first] = errors;
  if (first === undefined) return;
  const all =
    errors.length === 1
      ? `error with field ${first}`
      : `error with the following fields:\n${errors.map((each) => `-  ${each}\n`).join('')}`;
  throw new CalicoctlError(all);
}

/** `Selector = 'b == b' (Reason: …)` where calicoctl words it so; others by their path and in Weir's words. */
function fieldText({ field, value, message, reason }: FieldError): string {
  const shown = value === undefined ? '' : ` = '${typeof value === 'string' ? value : JSON.stringify(value)}'`;
  if (field === 'metadata.name') return `Metadata.Name${shown} (${message})`;
  const last = field.split('.').at(-1) ?? '';
  if (last.toLowerCase().endsWith('selector') && reason === 'FieldValueInvalid') {
    const name = `${last.charAt(0).toUpperCase()}${last.slice(1)}`;
    return `${name}${shown} (Reason: failed to validate Field: ${name} because of Tag: selector )`;
  }
  return `${field}${shown} (${message === '' ? fieldErrorWords[reason] : message})`;
}
