/** Types of expressions: what the checker knows before anything is evaluated. */
import { assert, unreachable } from '@weir/net';

/** Types without parts. */
export type PrimitiveName = 'int' | 'uint' | 'double' | 'bool' | 'string' | 'bytes' | 'null_type' | 'timestamp' | 'duration' | 'type';

/** An object with known fields. */
export interface CelObjectType {
  readonly kind: 'object';
  readonly name: string;
  readonly fields: ReadonlyMap<string, CelType>;
}

/** The type of an expression; `dyn` is known at evaluation only, `param` stands for any one type in a signature. */
export type CelType =
  | { readonly kind: 'dyn' }
  | { readonly kind: 'primitive'; readonly name: PrimitiveName }
  | { readonly kind: 'list'; readonly item: CelType }
  | { readonly kind: 'map'; readonly key: CelType; readonly value: CelType }
  | { readonly kind: 'optional'; readonly item: CelType }
  | { readonly kind: 'opaque'; readonly name: string }
  | { readonly kind: 'param'; readonly name: string }
  | CelObjectType;

/** Types of parameters found so far. */
export type TypeBindings = Map<string, CelType>;

export const dynType: CelType = { kind: 'dyn' };
export const boolType: CelType = { kind: 'primitive', name: 'bool' };
export const intType: CelType = { kind: 'primitive', name: 'int' };
export const stringType: CelType = { kind: 'primitive', name: 'string' };

/** A list type. */
export function listType(item: CelType): CelType {
  return { kind: 'list', item };
}

/** A map type. */
export function mapType(key: CelType, value: CelType): CelType {
  return { kind: 'map', key, value };
}

const primitives: readonly string[] = ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'null_type', 'timestamp', 'duration', 'type'];

/** The type as cel-go names it. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'primitive':
      if (type.name === 'timestamp') return 'timestamp';
      return type.name === 'null_type' ? 'null' : type.name;
    case 'list':
      return `list(${formatType(type.item)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'optional':
      return `optional_type(${formatType(type.item)})`;
    case 'dyn':
      return 'dyn';
    case 'object':
    case 'opaque':
    case 'param':
      return type.name;
    default:
      return unreachable(type);
  }
}

/**
 * Reads a type of a signature: primitives, `dyn`, `list<T>`, `map<K,V>`, `optional<T>`, one capital
 * letter for a parameter, and anything else for a type of a library.
 */
export function parseType(text: string): CelType {
  const match = /^(\w[\w.]*)(?:<(.*)>)?$/.exec(text.trim());
  assert(match !== null, `${text} is no type`);
  const [, name = '', inner = ''] = match;
  if (name === 'dyn') return dynType;
  if (name === 'list') return listType(parseType(inner));
  if (name === 'optional') return { kind: 'optional', item: parseType(inner) };
  if (name === 'map') {
    const [key = '', value = ''] = splitTypes(inner);
    return mapType(parseType(key), parseType(value));
  }
  if (primitives.includes(name)) return { kind: 'primitive', name: name as PrimitiveName };
  return /^[A-Z]$/.test(name) ? { kind: 'param', name } : { kind: 'opaque', name };
}

/** Splits at the commas that are not inside angle brackets. */
export function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '<') depth++;
    if (text[i] === '>') depth--;
    if (depth > 0 || (i < text.length && text[i] !== ',')) continue;
    const part = text.slice(from, i).trim();
    if (part !== '') parts.push(part);
    from = i + 1;
  }
  return parts;
}

/** Whether a value of `actual` can stand where `expected` is wanted; binds the parameters of both. */
export function isAssignable(expected: CelType, actual: CelType, bindings: TypeBindings): boolean {
  const want = resolve(expected, bindings);
  const have = resolve(actual, bindings);
  if (want.kind === 'param' && have.kind === 'param' && want.name === have.name) return true;
  if (want.kind === 'param') return bind(want.name, have, bindings);
  if (have.kind === 'param') return bind(have.name, want, bindings);
  if (want.kind === 'dyn' || have.kind === 'dyn') return true;
  if (isNull(have) && canBeNull(want)) return true;
  if (isNull(want) && canBeNull(have)) return true;
  switch (want.kind) {
    case 'primitive':
      return have.kind === 'primitive' && have.name === want.name;
    case 'list':
      return have.kind === 'list' && isAssignable(want.item, have.item, bindings);
    case 'optional':
      return have.kind === 'optional' && isAssignable(want.item, have.item, bindings);
    case 'map':
      return have.kind === 'map' && isAssignable(want.key, have.key, bindings) && isAssignable(want.value, have.value, bindings);
    case 'object':
    case 'opaque':
      return have.kind === want.kind && have.name === want.name;
    default:
      return unreachable(want);
  }
}

function bind(name: string, type: CelType, bindings: TypeBindings): boolean {
  bindings.set(name, type);
  return true;
}

function isNull(type: CelType): boolean {
  return type.kind === 'primitive' && type.name === 'null_type';
}

/** Objects, times and the types of libraries can be compared with null. */
function canBeNull(type: CelType): boolean {
  if (type.kind === 'primitive') return type.name === 'timestamp' || type.name === 'duration';
  return type.kind === 'object' || type.kind === 'opaque' || type.kind === 'optional';
}

/** A type with its parameters replaced by what they are bound to; a free one stays. */
export function resolve(type: CelType, bindings: TypeBindings): CelType {
  switch (type.kind) {
    case 'param': {
      const bound = bindings.get(type.name);
      return bound === undefined || bound === type ? type : resolve(bound, bindings);
    }
    case 'list':
      return listType(resolve(type.item, bindings));
    case 'optional':
      return { kind: 'optional', item: resolve(type.item, bindings) };
    case 'map':
      return mapType(resolve(type.key, bindings), resolve(type.value, bindings));
    case 'dyn':
    case 'primitive':
    case 'object':
    case 'opaque':
      return type;
    default:
      return unreachable(type);
  }
}

/** A type with its parameters renamed, so that two uses of a signature do not share them. */
export function freshen(type: CelType, mark: string): CelType {
  switch (type.kind) {
    case 'param':
      return { kind: 'param', name: `${type.name}${mark}` };
    case 'list':
      return listType(freshen(type.item, mark));
    case 'optional':
      return { kind: 'optional', item: freshen(type.item, mark) };
    case 'map':
      return mapType(freshen(type.key, mark), freshen(type.value, mark));
    case 'dyn':
    case 'primitive':
    case 'object':
    case 'opaque':
      return type;
    default:
      return unreachable(type);
  }
}
