/**
 * The rules of a custom resource's schema (`x-kubernetes-validations`), evaluated over an object at a bounded cost, with
 * the words of the real server (`apiextensions-apiserver/pkg/apiserver/schema/cel`).
 *
 * Transition rules need a value to compare with: fields of objects, members of maps and of lists of type map have one.
 * Rules about what has not changed are not judged again.
 */
import { CelBudgetError, CelError, CelOptional, type CelValue, CostBudget, toCel } from '../cel/index.ts';
import type { FieldError, FieldErrorReason } from '../field-error.ts';
import { isJsonObject } from '../registry/json-object.ts';
import { deepEqual } from '../validation/field-rules.ts';
import { type CompiledRule, type NodeRules, rulesOf } from './compiled-rules.ts';
import { oldMembers } from './old-members.ts';
import { memberSchema, type StructuralSchema } from './structural-schema.ts';

/** What all rules together may cost for one object. */
const objectCost = 10_000_000;
/** A message is cut off nowhere: a longer one is not used. */
const messageLimit = 5 * 1024;

/** Errors after which rules are not evaluated: they may not even have values to look at. */
const blocking: readonly FieldErrorReason[] = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
];

/** A value on the way down. */
interface Place {
  readonly path: string;
  readonly isRoot: boolean;
  /** What stood there before; undefined when nothing did, or when nobody can tell. */
  readonly old: unknown;
  /** The value, or something around it, is as it was. */
  readonly unchanged: boolean;
}

/** Every broken rule; none are looked at when `found` has errors that keep values from being what they are to be. */
export function validateRules(value: unknown, schema: StructuralSchema, old: unknown, found: readonly FieldError[]): FieldError[] {
  if (!hasRules(schema)) return [];
  if (found.some(({ reason }) => blocking.includes(reason))) {
    const message =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
    return [{ reason: 'FieldValueInvalid', field: '<nil>', value: 'null', message }];
  }
  const evaluation = new RuleEvaluation();
  evaluation.visit(value, schema, { path: '', isRoot: true, old, unchanged: false });
  return evaluation.errors;
}

const withRules = new WeakMap<StructuralSchema, boolean>();

/** Whether a schema has rules, here or below. */
function hasRules(schema: StructuralSchema): boolean {
  const known = withRules.get(schema);
  if (known !== undefined) return known;
  const below = [...schema.properties.values(), ...(schema.items === undefined ? [] : [schema.items])];
  if (typeof schema.additionalProperties === 'object') below.push(schema.additionalProperties);
  const has = schema.rules.length > 0 || below.some(hasRules);
  withRules.set(schema, has);
  return has;
}

class RuleEvaluation {
  readonly errors: FieldError[] = [];
  readonly #budget = new CostBudget(objectCost);
  /** No rule is evaluated any more. */
  #isOver = false;

  visit(value: unknown, schema: StructuralSchema, place: Place): void {
    if (this.#isOver || value === null || value === undefined || !hasRules(schema)) return;
    const unchanged = place.unchanged || (place.old !== undefined && deepEqual(value, place.old));
    const here = { ...place, unchanged };
    const rules = rulesOf(schema, place.isRoot);
    if (rules !== undefined) this.#evaluateAll(value, rules, { ...here, schema });
    if (Array.isArray(value)) this.#visitList(value, schema, here);
    else if (isJsonObject(value)) this.#visitObject(value, schema, here);
  }

  #visitList(list: readonly unknown[], schema: StructuralSchema, place: Place): void {
    if (schema.items === undefined) return;
    const oldOf = oldMembers(schema, place.old);
    for (const [i, member] of list.entries()) {
      this.visit(member, schema.items, { ...place, path: `${place.path}[${i}]`, isRoot: false, old: oldOf(member) });
    }
  }

  #visitObject(object: Readonly<Record<string, unknown>>, schema: StructuralSchema, place: Place): void {
    for (const [name, member] of Object.entries(object)) {
      const below = memberSchema(schema, name);
      if (below === undefined) continue;
      const path = schema.properties.has(name) ? (place.path === '' ? name : `${place.path}.${name}`) : `${place.path}[${name}]`;
      const old = isJsonObject(place.old) && Object.hasOwn(place.old, name) ? place.old[name] : undefined;
      this.visit(member, below, { ...place, path, isRoot: false, old });
    }
  }

  #evaluateAll(value: unknown, { type, rules }: NodeRules, place: Place & { readonly schema: StructuralSchema }): void {
    const self = toCel(value, type);
    const old = place.old === undefined || place.old === null ? undefined : toCel(place.old, type);
    for (const compiled of rules) {
      if (this.#isOver) return;
      const optional = compiled.rule.optionalOldSelf === true;
      if (compiled.usesOldSelf && old === undefined && !optional) continue;
      const variables = new Map<string, CelValue>([['self', self]]);
      if (optional) variables.set('oldSelf', old === undefined ? CelOptional.none : new CelOptional(old));
      else if (old !== undefined) variables.set('oldSelf', old);
      this.#evaluate(compiled, variables, { ...place, value });
    }
  }

  #evaluate(
    compiled: CompiledRule,
    variables: ReadonlyMap<string, CelValue>,
    place: Place & { readonly schema: StructuralSchema; readonly value: unknown },
  ): void {
    const { type } = place.schema;
    const field = place.path === '' ? '<nil>' : place.path;
    const fail = (message: string): void => void this.errors.push({ reason: 'FieldValueInvalid', field, value: type, message });
    const { program, rule } = compiled;
    if (program === undefined) {
      fail(`rule compile error: ${compiled.problem ?? ''}`);
      return;
    }
    if (this.#budget.left <= 0) {
      this.#isOver = true;
      fail('validation failed due to running out of cost budget, no further validation rules will be run');
      return;
    }
    try {
      if (program.evaluate(variables, this.#budget) === true) return;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      this.#isOver = error instanceof CelBudgetError;
      fail(failureWords(error, rule.message.trim() || rule.rule.trim()));
      return;
    }
    // What breaks a rule as it did before may stay.
    if (!compiled.usesOldSelf && place.unchanged) return;
    const message = this.#message(compiled, variables) ?? (rule.message.trim() || `failed rule: ${rule.rule.trim()}`);
    this.errors.push(brokenRule(compiled, place, message));
  }

  /** What the messageExpression says; undefined when it says nothing that can be shown. */
  #message({ message }: CompiledRule, variables: ReadonlyMap<string, CelValue>): string | undefined {
    if (message === undefined) return undefined;
    try {
      const value = message.evaluate(variables, this.#budget);
      const text = typeof value === 'string' ? value.trim() : '';
      return text === '' || text.includes('\n') || text.length > messageLimit ? undefined : text;
    } catch (error) {
      if (error instanceof CelError) return undefined;
      throw error;
    }
  }
}

function failureWords(error: CelError, rule: string): string {
  if (error instanceof CelBudgetError) {
    return `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${rule}`;
  }
  if (error.message.startsWith('no such overload')) {
    return `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${rule}`;
  }
  return `${error.message} evaluating rule: ${rule}`;
}

function brokenRule(
  { rule, field }: CompiledRule,
  place: Place & { schema: StructuralSchema; value: unknown },
  message: string,
): FieldError {
  const path = [place.path, field].filter((part) => part !== '').join('.') || '<nil>';
  switch (rule.reason) {
    case 'FieldValueForbidden':
    case 'FieldValueRequired':
      return { reason: rule.reason, field: path, message };
    default: {
      const shown = ['object', 'array'].includes(place.schema.type) ? {} : { value: place.value };
      if (rule.reason === 'FieldValueDuplicate') return { reason: rule.reason, field: path, message: '', value: place.value };
      return { reason: 'FieldValueInvalid', field: path, ...shown, message };
    }
  }
}
