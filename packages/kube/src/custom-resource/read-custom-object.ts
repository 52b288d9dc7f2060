/**
 * Objects of a CustomResourceDefinition as its API server reads them: unknown fields found, defaults filled in, the
 * schema and its rules checked. For those who read such objects from manifests, or from a server whose definition
 * may be another one.
 */
import { defined } from '@weir/net';
import { type FieldError, unknownField } from '../field-error.ts';
import type { JsonObject } from '../registry/json-object.ts';
import { isJsonObject, objectAt, textAt } from '../registry/json-object.ts';
import { customResources } from './custom-resource.ts';

/** A copy of the object with its defaults, and everything that is wrong with the object; unknown fields are. */
export interface CustomObjectReading {
  readonly object: Readonly<JsonObject>;
  readonly errors: readonly FieldError[];
}

/** Reads objects of one version of a definition, whose names need not have been accepted by a server. */
export function customObjectReader(
  definition: Readonly<JsonObject>,
  version: string,
): (object: Readonly<JsonObject>) => CustomObjectReading {
  const named = { ...definition, status: { acceptedNames: objectAt(objectAt(definition, 'spec'), 'names') } };
  const resource = defined(
    customResources(named).find((each) => each.version === version),
    `${textAt(objectAt(definition, 'metadata'), 'name')} has a version ${version}`,
  );
  return (object) => {
    const { value, unknownFields, wrongTypes } = resource.fit(object);
    const unreadable: FieldError[] = [
      ...unknownFields.map(unknownField),
      ...wrongTypes.map((message): FieldError => ({ reason: 'FieldValueTypeInvalid', field: 'metadata', value: '', message })),
    ];
    if (!isJsonObject(value)) return { object, errors: unreadable };
    const defaulted = resource.defaults(value);
    return { object: defaulted, errors: [...unreadable, ...resource.validate(defaulted)] };
  };
}
