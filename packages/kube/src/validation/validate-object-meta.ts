/**
 * Validation of metadata, the same for every kind (apimachinery `api/validation/objectmeta.go`).
 */
import type { FieldError } from '../field-error.ts';
import { isJsonObject, type JsonObject, listAt, objectAt, objectsAt, textAt } from '../registry/json-object.ts';
import { dnsLabelProblems, dnsSubdomainProblems, labelKeyProblems } from '../selectors/name-formats.ts';
import { validateLabels } from '../selectors/validate-label-selector.ts';

/** All annotations together, in bytes of keys and values. */
const annotationsLimitBytes = 256 * 1024;

/** What the check must know about the kind. */
export interface ObjectMetaRules {
  readonly namespaced: boolean;
  validateName(name: string): readonly string[];
}

/** Every error in the metadata of a new object. */
export function validateObjectMeta(object: JsonObject, rules: ObjectMetaRules): FieldError[] {
  const metadata = objectAt(object, 'metadata');
  const errors: FieldError[] = [];
  const generateName = textAt(metadata, 'generateName');
  if (generateName !== '') {
    // The suffix makes the end of the prefix valid, so only the prefix itself is judged.
    const problems = rules.validateName(generateName.endsWith('-') ? `${generateName}a` : generateName);
    errors.push(...problems.map((message): FieldError => invalidValue('metadata.generateName', generateName, message)));
  }
  const name = textAt(metadata, 'name');
  if (name === '') {
    errors.push({ reason: 'FieldValueRequired', field: 'metadata.name', message: 'name or generateName is required' });
  } else {
    errors.push(...rules.validateName(name).map((message) => invalidValue('metadata.name', name, message)));
  }
  errors.push(...validateNamespaceField(textAt(metadata, 'namespace'), rules.namespaced));
  errors.push(...validateLabels(stringMap(metadata, 'labels'), 'metadata.labels'));
  errors.push(...validateAnnotations(stringMap(metadata, 'annotations')));
  errors.push(...validateOwners(metadata), ...validateFinalizers(metadata));
  return errors;
}

/** Every error of a change of metadata; call {@link validateObjectMeta} too. */
export function validateObjectMetaUpdate(object: JsonObject, old: JsonObject): FieldError[] {
  const metadata = objectAt(object, 'metadata');
  const before = objectAt(old, 'metadata');
  const errors: FieldError[] = [];
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds']) {
    const value = metadata?.[field];
    if (value !== before?.[field]) errors.push(invalidValue(`metadata.${field}`, value, 'field is immutable'));
  }
  if (textAt(before, 'deletionTimestamp') !== '') {
    const known = new Set(listAt(before, 'finalizers'));
    const added = listAt(metadata, 'finalizers').filter((finalizer) => !known.has(finalizer));
    if (added.length > 0) {
      const message = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((item) => JSON.stringify(item)).join(', ')}}`;
      errors.push({ reason: 'FieldValueForbidden', field: 'metadata.finalizers', message });
    }
  }
  return errors;
}

/** The name rule of most kinds: an RFC 1123 subdomain. */
export function subdomainName(name: string): readonly string[] {
  return dnsSubdomainProblems(name);
}

/** The name rule of namespaces: an RFC 1123 label. */
export function labelName(name: string): readonly string[] {
  return dnsLabelProblems(name);
}

/** The name rule of services: an RFC 1035 label. */
export function serviceName(name: string): readonly string[] {
  const problems = name.length > 63 ? ['must be no more than 63 bytes'] : [];
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
    problems.push(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    );
  }
  return problems;
}

/** An error about a value that is there but wrong. */
export function invalidValue(field: string, value: unknown, message: string): FieldError {
  return { reason: 'FieldValueInvalid', field, value, message };
}

/** A map of texts, or the empty map. */
export function stringMap(parent: JsonObject | undefined, key: string): Record<string, string> {
  const value = parent?.[key];
  return isJsonObject(value) ? (value as Record<string, string>) : {};
}

function validateNamespaceField(namespace: string, namespaced: boolean): FieldError[] {
  if (!namespaced) {
    return namespace === '' ? [] : [{ reason: 'FieldValueForbidden', field: 'metadata.namespace', message: 'not allowed on this type' }];
  }
  if (namespace === '') return [{ reason: 'FieldValueRequired', field: 'metadata.namespace', message: '' }];
  return dnsLabelProblems(namespace).map((message) => invalidValue('metadata.namespace', namespace, message));
}

function validateAnnotations(annotations: Readonly<Record<string, string>>): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    size += key.length + value.length;
    errors.push(...labelKeyProblems(key.toLowerCase()).map((message) => invalidValue('metadata.annotations', key, message)));
  }
  if (size > annotationsLimitBytes) {
    errors.push({
      reason: 'FieldValueTooLong',
      field: 'metadata.annotations',
      message: `may not be more than ${annotationsLimitBytes} bytes`,
    });
  }
  return errors;
}

function validateOwners(metadata: JsonObject | undefined): FieldError[] {
  const errors: FieldError[] = [];
  let controllers = 0;
  for (const [i, owner] of objectsAt(metadata, 'ownerReferences').entries()) {
    const path = `metadata.ownerReferences[${i}]`;
    if (textAt(owner, 'apiVersion') === '') errors.push(invalidValue(`${path}.apiVersion`, '', 'version must not be empty'));
    for (const field of ['kind', 'name', 'uid']) {
      if (textAt(owner, field) === '') errors.push(invalidValue(`${path}.${field}`, '', `${field} must not be empty`));
    }
    if (owner['controller'] === true) controllers++;
  }
  if (controllers > 1) {
    errors.push(
      invalidValue('metadata.ownerReferences', metadata?.['ownerReferences'], 'Only one reference can have Controller set to true'),
    );
  }
  return errors;
}

function validateFinalizers(metadata: JsonObject | undefined): FieldError[] {
  return listAt(metadata, 'finalizers').flatMap((finalizer) =>
    labelKeyProblems(String(finalizer)).map((message) => invalidValue('metadata.finalizers', finalizer, message)),
  );
}
