/**
 * Functions of expressions: their signatures, what they do, what they cost.
 *
 * A signature is written as `name(T, T) R`, or `T.name(T) R` for a method, in the notation of
 * `parseType`. Which of several overloads is meant is decided by types when the expression is
 * compiled, and by the values where a type is not known before (`dyn`).
 */
import { addToGroup, assert, defined, unreachable } from '@weir/net';
import { type CelType, parseType, splitTypes } from '../language/cel-type.ts';
import {
  CelDuration,
  type CelFunction,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  type CelValue,
  isList,
  isMap,
  LazyObject,
  OpaqueValue,
  Uint,
} from '../values/cel-value.ts';

/** What a call costs, by its arguments and its result. Default: 1. */
export type FunctionCost = (args: readonly CelValue[], result: CelValue) => number;

/** One signature of a function. */
export interface Overload {
  readonly name: string;
  readonly isMethod: boolean;
  /** The receiver first. */
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  readonly call: CelFunction;
  readonly cost: FunctionCost | undefined;
}

/** Makes an overload; asserts that the signature can be read. */
export function overload(signature: string, call: CelFunction, cost?: FunctionCost): Overload {
  const match = /^(?:([\w.<>, ]+)\.)?([^\s.(]+|[a-z]+\.[^\s.(]+)\((.*)\) (.+)$/.exec(signature);
  assert(match !== null, `${signature} is no signature`);
  const [, receiver, name, parameters = '', result] = match;
  const all = splitTypes(parameters).map(parseType);
  return {
    name: defined(name, 'a signature has a name'),
    isMethod: receiver !== undefined,
    parameters: receiver === undefined ? all : [parseType(receiver), ...all],
    result: parseType(defined(result, 'a signature has a result')),
    call,
    cost,
  };
}

/** A function in a namespace, for example `optional.of(A) optional<A>`. */
export function namespaced(namespace: string, signature: string, call: CelFunction, cost?: FunctionCost): Overload {
  const made = overload(signature, call, cost);
  return { ...made, name: `${namespace}.${made.name}` };
}

/** Overloads by name. */
export class FunctionTable {
  readonly #byName = new Map<string, Overload[]>();

  constructor(...libraries: readonly (readonly Overload[])[]) {
    for (const each of libraries.flat()) {
      addToGroup(this.#byName, each.name, each);
    }
  }

  /** The overloads of a name, methods or not. */
  find(name: string, isMethod: boolean): readonly Overload[] {
    return this.#byName.get(name)?.filter((each) => each.isMethod === isMethod) ?? [];
  }
}

/** Whether a value can be of a type; the members of lists and maps are not looked at. */
export function isOfType(value: CelValue, type: CelType): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'list':
      return isList(value);
    case 'map':
    case 'object':
      return isMap(value) || value instanceof LazyObject;
    case 'optional':
      return value instanceof CelOptional;
    case 'opaque':
      return value instanceof OpaqueValue && value.typeName === type.name;
    case 'primitive':
      return isPrimitive(value, type.name);
    default:
      return unreachable(type);
  }
}

function isPrimitive(value: CelValue, name: Extract<CelType, { kind: 'primitive' }>['name']): boolean {
  switch (name) {
    case 'int':
      return typeof value === 'bigint';
    case 'uint':
      return value instanceof Uint;
    case 'double':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'bytes':
      return value instanceof Uint8Array;
    case 'null_type':
      return value === null;
    case 'timestamp':
      return value instanceof CelTimestamp;
    case 'duration':
      return value instanceof CelDuration;
    case 'type':
      return value instanceof CelTypeValue;
    default:
      return unreachable(name);
  }
}

/** The size of a value for costs: code points, bytes, members; 1 for everything else. */
export function sizeOf(value: CelValue | undefined): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (value === undefined || value === null || typeof value !== 'object') return 1;
  if (isList(value)) return value.length;
  return isMap(value) ? value.size : 1;
}

/** The cost of walking over the texts of all arguments once. */
export const traversalCost: FunctionCost = (args) =>
  Math.max(1, Math.ceil(args.reduce<number>((sum, each) => sum + sizeOf(each), 0) * 0.1));
