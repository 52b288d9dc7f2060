/** core/v1 ConfigMap, Secret and ServiceAccount as the API server knows them. */
import type { FieldError } from '../../field-error.ts';
import { checkImmutable, deepEqual, forbiddenField } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { ensureObject, type JsonObject, listAt, objectAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

/** All values of a ConfigMap or Secret together. */
const dataLimitBytes = 1024 * 1024;
const base64Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The entry of config maps. */
export const configMapResource: ResourceDefinition = defineResource({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  validate: (object) => [...validateData(object, 'data'), ...validateData(object, 'binaryData'), ...validateSize(object)],
  validateUpdate: validateImmutableData,
  table: {
    columns: [column('Name'), column('Data'), column('Age')],
    row: (object, nowMs) => ({
      cells: [objectName(object), entryCount(object, 'data') + entryCount(object, 'binaryData'), objectAge(object, nowMs)],
    }),
  },
});

/** The entry of secrets. */
export const secretResource: ResourceDefinition = defineResource({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  fieldLabels: { type: (object) => textAt(object, 'type') },
  defaults: (object) => {
    setDefault(object, 'type', 'Opaque');
    // `stringData` is for writing only: its values go to `data`.
    const texts = objectAt(object, 'stringData');
    delete object['stringData'];
    if (texts === undefined) return object;
    const data = ensureObject(object, 'data');
    for (const [key, value] of Object.entries(texts)) data[key] = base64OfText(String(value));
    return object;
  },
  createOnUpdate: false,
  validate: (object) => [...validateData(object, 'data'), ...validateSize(object)],
  validateUpdate: (object, old) => [...checkImmutable('type', object['type'], old['type']), ...validateImmutableData(object, old)],
  table: {
    columns: [column('Name'), column('Type'), column('Data'), column('Age')],
    row: (object, nowMs) => ({ cells: [objectName(object), textAt(object, 'type'), entryCount(object, 'data'), objectAge(object, nowMs)] }),
  },
});

/** The entry of service accounts. */
export const serviceAccountResource: ResourceDefinition = defineResource({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  subresources: [{ name: 'token', kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }, verbs: ['create'] }],
  returnsDeletedObject: true,
  table: {
    columns: [column('Name'), column('Secrets'), column('Age')],
    row: (object, nowMs) => ({ cells: [objectName(object), listAt(object, 'secrets').length, objectAge(object, nowMs)] }),
  },
});

function entryCount(object: JsonObject, field: string): number {
  return Object.keys(objectAt(object, field) ?? {}).length;
}

function validateData(object: JsonObject, field: string): FieldError[] {
  return Object.keys(objectAt(object, field) ?? {}).flatMap((key) => {
    if (key === '.' || key === '..') return [invalidValue(`${field}[${key}]`, key, `must not be '${key}'`)];
    if (/^[-._a-zA-Z0-9]{1,253}$/.test(key)) return [];
    const rule =
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
    return [invalidValue(`${field}[${key}]`, key, rule)];
  });
}

function validateSize(object: JsonObject): FieldError[] {
  const values = [...Object.values(objectAt(object, 'data') ?? {}), ...Object.values(objectAt(object, 'binaryData') ?? {})];
  const size = values.reduce<number>((sum, value) => sum + String(value).length, 0);
  return size <= dataLimitBytes
    ? []
    : [{ reason: 'FieldValueTooLong', field: '', message: `may not be more than ${dataLimitBytes} bytes` }];
}

function validateImmutableData(object: JsonObject, old: JsonObject): FieldError[] {
  const errors = [...validateData(object, 'data'), ...validateSize(object)];
  if (old['immutable'] !== true) return errors;
  if (object['immutable'] !== true) errors.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
  for (const field of ['data', 'binaryData']) {
    if (!deepEqual(object[field], old[field])) errors.push(forbiddenField(field, 'field is immutable when `immutable` is set'));
  }
  return errors;
}

/** Base64 of the UTF-8 bytes; this package has no encoder of the platform. */
function base64OfText(text: string): string {
  const bytes = utf8Bytes(text);
  let result = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b, c] = bytes.slice(i, i + 3);
    const word = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    const letters = [18, 12, 6, 0].map((shift) => base64Alphabet[(word >> shift) & 63] ?? '');
    result += `${letters[0]}${letters[1]}${b === undefined ? '=' : letters[2]}${c === undefined ? '=' : letters[3]}`;
  }
  return result;
}

function utf8Bytes(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return bytes;
}
