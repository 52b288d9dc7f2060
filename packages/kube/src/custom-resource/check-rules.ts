/** Whether the rules of a schema are rules (`x-kubernetes-validations`; `apiextensions/validation`, with its words). */
import type { FieldError } from '../field-error.ts';
import { checkSupported, required } from '../validation/field-rules.ts';
import { invalidValue } from '../validation/validate-object-meta.ts';
import { type CompiledRule, rulesOf } from './compiled-rules.ts';
import { followFieldPath } from './field-path.ts';
import type { StructuralSchema, ValidationRule } from './structural-schema.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const lineBreak = /[\n\r]/;

/** How a rule is written: errors that need no compiling. */
export function checkRuleTexts(schema: StructuralSchema, path: string): FieldError[] {
  const own = schema.rules.flatMap((rule, i) => checkTexts(rule, schema, `${path}.x-kubernetes-validations[${i}]`));
  return [...own, ...nodesBelow(schema, path).flatMap(([below, at]) => checkRuleTexts(below, at))];
}

/** What rules say; of a schema that is right in everything else. */
export function checkRules(schema: StructuralSchema, path: string): FieldError[] {
  return checkNode(schema, path, { isRoot: true, uncorrelated: undefined });
}

function checkTexts(rule: ValidationRule, schema: StructuralSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const message = rule.message.trim();
  if (rule.rule.trim() === '') errors.push(required(`${path}.rule`, 'rule is not specified'));
  else if (rule.message !== '' && message === '')
    errors.push(invalidValue(`${path}.message`, rule.message, 'must be non-empty if specified'));
  else if (lineBreak.test(message)) errors.push(invalidValue(`${path}.message`, rule.message, 'must not contain line breaks'));
  else if (lineBreak.test(rule.rule.trim()) && message === '') {
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'));
  }
  if (rule.messageExpression !== '' && rule.messageExpression.trim() === '') {
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'));
  }
  if (rule.reason !== '') errors.push(...checkSupported(`${path}.reason`, rule.reason, reasons));
  return [...errors, ...checkFieldPath(rule.fieldPath, schema, `${path}.fieldPath`)];
}

function checkFieldPath(fieldPath: string, schema: StructuralSchema, path: string): FieldError[] {
  if (fieldPath === '') return [];
  if (fieldPath.trim() === '') return [invalidValue(path, fieldPath, 'must be non-empty if specified')];
  const errors = lineBreak.test(fieldPath) ? [invalidValue(path, fieldPath, 'must not contain line breaks')] : [];
  if (typeof followFieldPath(fieldPath, schema) === 'string') errors.push(invalidValue(path, fieldPath, 'must be a valid path'));
  return errors;
}

interface Context {
  readonly isRoot: boolean;
  /** The path below which nobody can tell what a value was before; undefined where one can. */
  readonly uncorrelated: string | undefined;
}

function checkNode(schema: StructuralSchema, path: string, context: Context): FieldError[] {
  const rules = rulesOf(schema, context.isRoot)?.rules ?? [];
  const own = rules.flatMap((rule, i) => checkRule(rule, `${path}.x-kubernetes-validations[${i}]`, context));
  const below = nodesBelow(schema, path).flatMap(([node, at]) => {
    const isLoose = node === schema.items && schema.listType !== 'map';
    return checkNode(node, at, { isRoot: false, uncorrelated: context.uncorrelated ?? (isLoose ? path : undefined) });
  });
  return [...own, ...below];
}

function checkRule(compiled: CompiledRule, path: string, context: Context): FieldError[] {
  const { rule, problem, messageProblem, usesOldSelf } = compiled;
  const errors: FieldError[] = [];
  const shown = Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== '' && value !== undefined));
  if (problem !== undefined) errors.push(invalidValue(`${path}.rule`, shown, problem));
  if (messageProblem !== undefined) errors.push(invalidValue(`${path}.messageExpression`, shown, messageProblem));
  if (usesOldSelf && context.uncorrelated !== undefined) {
    const words = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${context.uncorrelated}`;
    errors.push(invalidValue(`${path}.rule`, rule.rule, words));
  }
  if (!usesOldSelf && rule.optionalOldSelf !== undefined && problem === undefined) {
    errors.push(invalidValue(`${path}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'));
  }
  return errors;
}

/** The nodes right below one, with their paths. */
function nodesBelow(schema: StructuralSchema, path: string): readonly (readonly [StructuralSchema, string])[] {
  const { properties, items, additionalProperties: others } = schema;
  return [
    ...[...properties].map(([name, property]) => [property, `${path}.properties[${name}]`] as const),
    ...(items === undefined ? [] : [[items, `${path}.items`] as const]),
    ...(typeof others === 'object' ? [[others, `${path}.additionalProperties`] as const] : []),
  ];
}
