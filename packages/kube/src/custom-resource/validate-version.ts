/** Validation of one version of a CustomResourceDefinition (`apiextensions/validation`, with its words). */
import type { FieldError } from '../field-error.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../registry/json-object.ts';
import { required } from '../validation/field-rules.ts';
import { invalidValue, serviceName } from '../validation/validate-object-meta.ts';
import { checkDefaults } from './check-defaults.ts';
import { checkRules, checkRuleTexts } from './check-rules.ts';
import { checkRoot, checkSchemaKeywords, hasStatusSubresource } from './check-schema-keywords.ts';
import { checkStructuralSchema } from './check-structural-schema.ts';
import { followFieldPath } from './field-path.ts';
import { parseStructuralSchema, type StructuralSchema } from './structural-schema.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const selectableLimit = 8;

/** Where the parts of a version stand in messages: parts that all versions share are named once, above them. */
export interface VersionPaths {
  readonly version: string;
  readonly schema: string;
  readonly subresources: string;
  readonly columns: string;
  readonly selectableFields: string;
}

/** Every error of a version. */
export function validateVersion(version: JsonObject, paths: VersionPaths): FieldError[] {
  const errors: FieldError[] = [];
  const name = textAt(version, 'name');
  const problems = serviceName(name);
  if (problems.length > 0) errors.push(invalidValue(`${paths.version}.name`, name, problems.join(',')));
  errors.push(...checkDeprecation(version, `${paths.version}.deprecationWarning`));
  const source = objectAt(objectAt(version, 'schema'), 'openAPIV3Schema');
  const schema = source === undefined ? undefined : parseStructuralSchema(source);
  if (schema === undefined) errors.push(required(`${paths.version}.schema.openAPIV3Schema`));
  else errors.push(...checkSchema(schema, paths.schema, hasStatusSubresource(version)));
  errors.push(...checkScale(objectAt(objectAt(version, 'subresources'), 'scale'), paths.subresources));
  errors.push(...objectsAt(version, 'additionalPrinterColumns').flatMap((column, i) => checkColumn(column, `${paths.columns}[${i}]`)));
  if (schema !== undefined) errors.push(...checkSelectable(objectsAt(version, 'selectableFields'), schema, paths.selectableFields));
  return errors;
}

function checkSchema(schema: StructuralSchema, path: string, hasStatus: boolean): FieldError[] {
  const structural = checkStructuralSchema(schema, path);
  const errors = [
    ...checkRoot(schema, path, hasStatus),
    ...structural,
    // Defaults can only be judged by a schema that means something.
    ...(structural.length === 0 ? checkDefaults(schema, path) : []),
    ...checkSchemaKeywords(schema, path),
    ...checkRuleTexts(schema, path),
  ];
  // So can rules.
  return errors.length === 0 ? checkRules(schema, path) : errors;
}

function checkDeprecation(version: JsonObject, path: string): FieldError[] {
  const warning = version['deprecationWarning'];
  if (typeof warning !== 'string') return [];
  if (version['deprecated'] !== true) return [invalidValue(path, warning, 'can only be set for deprecated versions')];
  const errors: FieldError[] = [];
  if (warning.length > 256) errors.push(invalidValue(path, warning, 'must be <= 256 characters long'));
  if (warning === '') errors.push(invalidValue(path, warning, 'must not be an empty string'));
  const odd = warning.search(/[\p{C}\u2028\u2029]/u);
  if (odd >= 0) {
    errors.push(invalidValue(path, warning, `must only contain printable UTF-8 characters; non-printable character found at index ${odd}`));
  }
  return errors;
}

function checkScale(scale: JsonObject | undefined, path: string): FieldError[] {
  if (scale === undefined) return [];
  const selector = textAt(scale, 'labelSelectorPath');
  return [
    ...checkScalePath(textAt(scale, 'specReplicasPath'), `${path}.scale.specReplicasPath`, ['.spec.']),
    ...checkScalePath(textAt(scale, 'statusReplicasPath'), `${path}.scale.statusReplicasPath`, ['.status.']),
    ...(selector === '' ? [] : checkScalePath(selector, `${path}.scale.labelSelectorPath`, ['.spec.', '.status.'])),
  ];
}

function checkScalePath(value: string, path: string, parts: readonly string[]): FieldError[] {
  if (value === '') return [required(path)];
  if (!value.startsWith('.')) return [invalidValue(path, value, 'must be a simple json path starting with .')];
  if (parts.some((part) => value.startsWith(part))) return [];
  const words = parts.length > 1 ? 'either .spec or .status' : (parts[0] ?? '').slice(0, -1);
  return [invalidValue(path, value, `should be a json path under ${words}`)];
}

function checkColumn(column: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (textAt(column, 'name') === '') errors.push(required(`${path}.name`));
  const type = textAt(column, 'type');
  const typeRule = `must be one of ${columnTypes.join(',')}`;
  if (type === '') errors.push(required(`${path}.type`, typeRule));
  else if (!columnTypes.includes(type)) errors.push(invalidValue(`${path}.type`, type, typeRule));
  const format = textAt(column, 'format');
  if (format !== '' && !columnFormats.includes(format)) {
    errors.push(invalidValue(`${path}.format`, format, `must be one of ${columnFormats.join(',')}`));
  }
  const jsonPath = textAt(column, 'jsonPath');
  if (jsonPath === '') errors.push(required(`${path}.JSONPath`));
  else if (!jsonPath.startsWith('.')) errors.push(invalidValue(`${path}.JSONPath`, jsonPath, 'must be a simple json path starting with .'));
  return errors;
}

function checkSelectable(fields: readonly JsonObject[], schema: StructuralSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, field] of fields.entries()) {
    const jsonPath = textAt(field, 'jsonPath');
    const at = `${path}[${i}].jsonPath`;
    if (jsonPath === '') {
      errors.push(required(at));
      continue;
    }
    const found = jsonPath.includes('[') ? 'array notation is not allowed' : followFieldPath(jsonPath, schema);
    if (typeof found === 'string') {
      errors.push(invalidValue(at, jsonPath, `is an invalid path: ${found}`));
      continue;
    }
    if (jsonPath.startsWith('.metadata')) errors.push(invalidValue(at, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(found.schema.type)) {
      const rule = 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      errors.push(invalidValue(at, jsonPath, rule));
    }
    if (seen.has(jsonPath)) errors.push({ reason: 'FieldValueDuplicate', field: at, value: jsonPath, message: '' });
    seen.add(jsonPath);
  }
  if (seen.size > selectableLimit) {
    errors.push({ reason: 'FieldValueTooMany', field: path, value: seen.size, message: `must have at most ${selectableLimit} items` });
  }
  return errors;
}
