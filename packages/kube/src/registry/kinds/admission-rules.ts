/** What webhooks and admission policies have in common: which requests they are for, and under which conditions. */
import { expressionErrors } from '../../cel/admission/expression-errors.ts';
import type { FieldError } from '../../field-error.ts';
import { validateLabelSelector } from '../../selectors/validate-label-selector.ts';
import { checkSupported, required } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { type JsonObject, listAt, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const conditionsMax = 64;

/** Sets what rules and selectors have when they say nothing. */
export function defaultMatching(parent: JsonObject, rulesFields: readonly string[]): void {
  setDefault(parent, 'matchPolicy', 'Equivalent');
  for (const field of ['namespaceSelector', 'objectSelector']) parent[field] ??= {};
  for (const rule of rulesFields.flatMap((field) => objectsAt(parent, field))) setDefault(rule, 'scope', '*');
}

/** Errors of `matchPolicy` and the selectors. */
export function validateMatching(parent: JsonObject, path: string): FieldError[] {
  const errors = checkSupported(`${path}.matchPolicy`, parent['matchPolicy'], ['Equivalent', 'Exact']);
  for (const field of ['namespaceSelector', 'objectSelector']) {
    const selector = objectAt(parent, field);
    if (selector !== undefined) errors.push(...validateLabelSelector(selector, `${path}.${field}`));
  }
  return errors;
}

/** Errors of one rule: operations, groups, versions, resources and scope. */
export function validateAdmissionRule(rule: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['operations', 'apiGroups', 'apiVersions', 'resources']) {
    const values = listAt(rule, field);
    if (values.length === 0) errors.push(required(`${path}.${field}`));
    if (values.length > 1 && values.includes('*') && field !== 'resources') {
      errors.push(invalidValue(`${path}.${field}`, values, "if '*' is present, must not specify other values"));
    }
  }
  listAt(rule, 'operations').forEach((each, i) => {
    errors.push(...checkSupported(`${path}.operations[${i}]`, each, operations));
  });
  listAt(rule, 'apiVersions').forEach((each, i) => {
    if (each === '') errors.push(required(`${path}.apiVersions[${i}]`));
  });
  listAt(rule, 'resources').forEach((each, i) => {
    if (each === '') errors.push(required(`${path}.resources[${i}]`));
  });
  return [...errors, ...checkSupported(`${path}.scope`, rule['scope'], ['*', 'Cluster', 'Namespaced'])];
}

/** Errors of `matchConditions`. `hasParams`: whether they may use `params`. */
export function validateMatchConditions(parent: JsonObject, path: string, hasParams: boolean): FieldError[] {
  const conditions = objectsAt(parent, 'matchConditions');
  if (conditions.length > conditionsMax) {
    return [{ reason: 'FieldValueTooMany', field: path, value: conditions.length, message: `must have at most ${conditionsMax} items` }];
  }
  const names = new Set<string>();
  return conditions.flatMap((condition, i) => {
    const name = textAt(condition, 'name');
    const errors: FieldError[] = name === '' ? [required(`${path}[${i}].name`)] : [];
    if (names.has(name)) errors.push({ reason: 'FieldValueDuplicate', field: `${path}[${i}].name`, value: name, message: '' });
    names.add(name);
    return [...errors, ...expressionErrors(textAt(condition, 'expression'), `${path}[${i}].expression`, { hasParams, result: ['bool'] })];
  });
}
