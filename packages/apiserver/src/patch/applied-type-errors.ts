/**
 * What is wrong with an object that somebody applies, in the words of structured-merge-diff: fields that the kind does
 * not have, values of another type, members of keyed lists that cannot be told apart.
 */
import { isJsonObject, type JsonObject, type ScalarKind, type Schema } from '@weir/kube';
import { unreachable } from '@weir/net';
import { isOneField, listElement, memberTypeOf, showElement } from './field-set.ts';
import { goText } from './go-text.ts';

/** The sentences, each with its place: `.spec.foo: field not declared in schema`. */
export function appliedTypeErrors(applied: Readonly<JsonObject>, schema: Schema): readonly string[] {
  const errors: string[] = [];
  visit(applied, schema, '');
  return errors;

  function visit(value: unknown, type: Schema | undefined, path: string): void {
    if (value === null || value === undefined || type === undefined) return;
    if (type.kind === 'object' || type.kind === 'map') {
      if (isJsonObject(value)) visitMembers(value, type, path);
      else tell(path, `expected map, got &{${goText(value)}}`);
    } else if (type.kind === 'list') {
      if (Array.isArray(value)) visitList(value, type, path);
      else tell(path, `expected list, got &{${goText(value)}}`);
    } else if (type.kind === 'orBoolean') {
      if (typeof value !== 'boolean') visit(value, type.object, path);
    } else {
      const problem = scalarProblem(type.kind, value);
      if (problem !== undefined) tell(path, problem);
    }
  }

  function visitMembers(value: JsonObject, type: Schema, path: string): void {
    for (const [key, member] of Object.entries(value)) {
      const place = `${path}.${key}`;
      if (type.kind === 'object' && !type.fields.has(key) && !type.open) tell(place, 'field not declared in schema');
      else visit(member, memberTypeOf(type, key), place);
    }
  }

  function visitList(members: readonly unknown[], type: Extract<Schema, { kind: 'list' }>, path: string): void {
    const seen = new Set<string>();
    for (const [index, member] of members.entries()) {
      if (isOneField(type)) {
        visit(member, type.items, `${path}[${index}]`);
        continue;
      }
      const problem = memberProblem(member, type);
      if (problem !== undefined) {
        tell(path, `element ${index}: ${problem}`);
        return;
      }
      const element = listElement(member, type.merge);
      if (seen.has(element)) tell(path, `duplicate entries for key ${showElement(element)}`);
      seen.add(element);
      visit(member, type.items, `${path}${showElement(element)}`);
    }
  }

  function tell(path: string, problem: string): void {
    errors.push(path === '' ? problem : `${path}: ${problem}`);
  }
}

/** Why a member of a list of keys cannot be told from others. */
function memberProblem(member: unknown, { merge }: Extract<Schema, { kind: 'list' }>): string | undefined {
  if (merge.kind !== 'map') {
    if (member === null) return 'associative list without keys has an element that is an explicit null';
    return isJsonObject(member) || Array.isArray(member) ? "associative list without keys has an element that's a map type" : undefined;
  }
  if (member === null) return 'associative list with keys may not have a null element';
  if (!isJsonObject(member)) return 'associative list with keys may not have non-map elements';
  if (merge.keys.some((key) => (member[key] ?? merge.keyDefaults[key]) !== undefined)) return undefined;
  const keys = merge.keys.map((key) => JSON.stringify(key)).join(' ');
  return `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`;
}

function scalarProblem(kind: ScalarKind, value: unknown): string | undefined {
  switch (kind) {
    case 'integer':
    case 'long':
    case 'number':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goTypeName(value)}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goText(value)}}`;
    case 'string':
    case 'time':
    case 'microTime':
    case 'bytes':
      return typeof value === 'string' ? undefined : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'quantity':
    case 'intOrString':
      return typeof value === 'string' || typeof value === 'number' ? undefined : `expected any scalar, got &{${goText(value)}}`;
    case 'any':
      return undefined;
    default:
      return unreachable(kind);
  }
}

/** What Go's `%T` says of a decoded value. */
function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'map[string]interface {}';
}

/** A value as Go's `%#v` writes it. */
function goSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${members.map(([key, member]) => `${JSON.stringify(key)}:${goSyntax(member)}`).join(', ')}}`;
}
