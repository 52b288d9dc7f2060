/** The `scale` subresource of a custom resource: where its definition says that the numbers stand. */
import type { FieldError } from '../field-error.ts';
import { isJsonObject, type JsonObject, textAt } from '../registry/json-object.ts';
import type { ScaleFields } from '../registry/resource-definition.ts';
import { invalidValue } from '../validation/validate-object-meta.ts';

/** Largest number of replicas: Go's int32. */
const limit = 2 ** 31 - 1;

/** Reads `subresources.scale`. */
export function customScale(scale: Readonly<JsonObject>): ScaleFields {
  const selectorPath = textAt(scale, 'labelSelectorPath');
  return {
    specReplicas: fieldsOf(textAt(scale, 'specReplicasPath')),
    statusReplicas: fieldsOf(textAt(scale, 'statusReplicasPath')),
    selector: (object) => {
      const selector = selectorPath === '' ? undefined : valueAt(object, fieldsOf(selectorPath));
      return typeof selector === 'string' ? selector : '';
    },
  };
}

/** Errors of the numbers that the subresource shows, of the spec and of the status as wanted. */
export function validateScale(
  object: Readonly<JsonObject>,
  scale: Readonly<JsonObject> | undefined,
  parts: readonly ('spec' | 'status')[],
): FieldError[] {
  if (scale === undefined) return [];
  const errors = parts.flatMap((part) => checkReplicas(object, textAt(scale, `${part}ReplicasPath`)));
  const path = textAt(scale, 'labelSelectorPath');
  const selector = path === '' ? undefined : valueAt(object, fieldsOf(path));
  if (parts.includes('status') && selector !== undefined && typeof selector !== 'string') {
    errors.push(
      invalidValue(path, '', `${path} accessor error: ${scalarWords(selector)} is of the type ${typeof selector}, expected string`),
    );
  }
  return errors;
}

/** The value at nested fields; undefined when one of them is missing. */
export function valueAt(object: Readonly<JsonObject>, fields: readonly string[]): unknown {
  return fields.reduce<unknown>((value, field) => (isJsonObject(value) && Object.hasOwn(value, field) ? value[field] : undefined), object);
}

function checkReplicas(object: Readonly<JsonObject>, path: string): FieldError[] {
  const value = valueAt(object, fieldsOf(path));
  if (value === undefined) return [];
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    return [invalidValue(path, 0, `${path} accessor error: ${scalarWords(value)} is of the type ${typeof value}, expected int64`)];
  }
  if (value < 0) return [invalidValue(path, value, 'should be a non-negative integer')];
  return value > limit ? [invalidValue(path, value, `should be less than or equal to ${limit}`)] : [];
}

function scalarWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fieldsOf(path: string): readonly string[] {
  return path.replace(/^\./, '').split('.');
}
