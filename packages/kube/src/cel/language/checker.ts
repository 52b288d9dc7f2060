/**
 * Gives every node its type, and finds what cannot work whatever the values are: unknown names and
 * fields, functions that do not take such arguments. The words are those of cel-go.
 */
import { unreachable } from '@weir/net';
import type { CelIssue } from '../cel-error.ts';
import type { FunctionTable, Overload } from '../library/function-table.ts';
import { CelTypeValue, type CelValue } from '../values/cel-value.ts';
import type { CelNode, Comprehension } from './ast.ts';
import {
  boolType,
  type CelType,
  dynType,
  formatType,
  freshen,
  intType,
  isAssignable,
  listType,
  mapType,
  resolve,
  type TypeBindings,
} from './cel-type.ts';
import { unescapeField } from './field-name.ts';

/** What the checker found out: for the evaluator. */
export interface CheckedExpression {
  readonly type: CelType;
  /** The overloads that a call can mean, in the order in which they are tried. */
  readonly overloads: ReadonlyMap<CelNode, readonly Overload[]>;
  /** Names of fields of typed objects as they are in the object. */
  readonly fields: ReadonlyMap<CelNode, string>;
  /** Calls whose target is a namespace and no value. */
  readonly namespaced: ReadonlySet<CelNode>;
  /** Selections that are names of variables with a dot in them. */
  readonly qualified: ReadonlyMap<CelNode, string>;
}

/** Names that stand for types. */
export const typeNames: ReadonlyMap<string, CelValue> = new Map(
  ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type'].map((name) => [name, new CelTypeValue(name)]),
);

type Scope = ReadonlyMap<string, CelType>;

/** Checks a tree against variables and functions. */
export function checkExpression(
  node: CelNode,
  variables: Scope,
  functions: FunctionTable,
): CheckedExpression | { readonly issues: readonly CelIssue[] } {
  const checker = new Checker(functions);
  const type = checker.check(node, variables);
  if (checker.issues.length > 0) return { issues: checker.issues };
  return { type, overloads: checker.overloads, fields: checker.fields, namespaced: checker.namespaced, qualified: checker.qualified };
}

class Checker {
  readonly issues: CelIssue[] = [];
  readonly overloads = new Map<CelNode, readonly Overload[]>();
  readonly fields = new Map<CelNode, string>();
  readonly namespaced = new Set<CelNode>();
  readonly qualified = new Map<CelNode, string>();
  readonly #functions: FunctionTable;
  readonly #bindings: TypeBindings = new Map();
  #fresh = 0;

  constructor(functions: FunctionTable) {
    this.#functions = functions;
  }

  /** The type of a node, parameters resolved; what is wrong becomes an issue and the type `dyn`. */
  check(node: CelNode, scope: Scope): CelType {
    return resolve(this.#typeOf(node, scope), this.#bindings);
  }

  #typeOf(node: CelNode, scope: Scope): CelType {
    switch (node.kind) {
      case 'literal':
        return node.type;
      case 'identifier':
        return scope.get(node.name) ?? this.#typeName(node.name, node.offset);
      case 'select':
        return this.#select(node, scope);
      case 'call':
        return this.#call(node, scope);
      case 'list':
        return listType(this.#joined(node.items.map((item) => this.#element(item.node, item.optional, scope))));
      case 'map': {
        const keys = node.entries.map((entry) => this.check(entry.key, scope));
        const values = node.entries.map((entry) => this.#element(entry.value, entry.optional, scope));
        return mapType(this.#joined(keys), this.#joined(values));
      }
      case 'comprehension':
        return this.#comprehension(node, scope);
      default:
        return unreachable(node);
    }
  }

  #typeName(name: string, offset: number): CelType {
    if (typeNames.has(name)) return { kind: 'primitive', name: 'type' };
    return this.#issue(offset, `undeclared reference to '${name}' (in container '')`);
  }

  #element(node: CelNode, optional: boolean, scope: Scope): CelType {
    const type = this.check(node, scope);
    return optional && type.kind === 'optional' ? type.item : type;
  }

  /** The type of all members: that of the first if the others are alike, else dyn. */
  #joined(types: readonly CelType[]): CelType {
    const [first, ...others] = types;
    if (first === undefined) return { kind: 'param', name: `E#${this.#fresh++}` };
    return others.every((other) => isAssignable(first, other, this.#bindings)) ? first : dynType;
  }

  #select(node: Extract<CelNode, { kind: 'select' }>, scope: Scope): CelType {
    const whole = node.operand.kind === 'identifier' && node.mode === 'value' ? `${node.operand.name}.${node.field}` : '';
    const variable = scope.get(whole);
    if (variable !== undefined) {
      this.qualified.set(node, whole);
      return variable;
    }
    const operand = this.check(node.operand, scope);
    const isOptional = operand.kind === 'optional';
    const found = this.#fieldType(node, isOptional ? operand.item : operand);
    if (node.mode === 'test') return boolType;
    return node.mode === 'optional' || isOptional ? { kind: 'optional', item: found } : found;
  }

  #fieldType(node: Extract<CelNode, { kind: 'select' }>, operand: CelType): CelType {
    if (operand.kind === 'map') return operand.value;
    if (operand.kind === 'object') {
      const name = operand.fields.has(node.field) ? node.field : unescapeField(node.field);
      const type = operand.fields.get(name);
      if (type === undefined) return this.#issue(node.offset, `undefined field '${node.field}'`);
      this.fields.set(node, name);
      return type;
    }
    if (operand.kind === 'dyn' || operand.kind === 'param') return dynType;
    return this.#issue(node.offset, `type '${formatType(operand)}' does not support field selection`);
  }

  #call(node: Extract<CelNode, { kind: 'call' }>, scope: Scope): CelType {
    const { target } = node;
    const namespace = target?.kind === 'identifier' && !scope.has(target.name) ? `${target.name}.${node.name}` : undefined;
    const qualified = namespace === undefined ? [] : this.#functions.find(namespace, false);
    if (namespace !== undefined && qualified.length > 0) {
      this.namespaced.add(node);
      return this.#resolveCall(node, { name: namespace, candidates: qualified, types: this.#types(node.args, scope) });
    }
    const operands = target === undefined ? node.args : [target, ...node.args];
    const types = this.#types(operands, scope);
    const candidates = this.#functions.find(node.name, target !== undefined);
    if (candidates.length === 0) return this.#issue(node.offset, `undeclared reference to '${node.name}' (in container '')`);
    return this.#resolveCall(node, { name: node.name, candidates, types });
  }

  #types(nodes: readonly CelNode[], scope: Scope): CelType[] {
    return nodes.map((each) => this.check(each, scope));
  }

  #resolveCall(
    node: Extract<CelNode, { kind: 'call' }>,
    call: { readonly name: string; readonly candidates: readonly Overload[]; readonly types: readonly CelType[] },
  ): CelType {
    const matching: Overload[] = [];
    let result: CelType | undefined;
    for (const candidate of call.candidates) {
      const found = this.#match(candidate, call.types);
      if (found === undefined) continue;
      matching.push(candidate);
      if (result === undefined) result = found;
      else if (formatType(result) !== formatType(found)) result = dynType;
    }
    this.overloads.set(node, matching);
    if (result !== undefined) return result;
    const [receiver, ...others] = call.types.map(formatType);
    const isMethod = node.target !== undefined && !this.namespaced.has(node);
    const applied = isMethod ? `${receiver}.(${others.join(', ')})` : `(${call.types.map(formatType).join(', ')})`;
    return this.#issue(node.offset, `found no matching overload for '${call.name}' applied to '${applied}'`);
  }

  /** The type of the result when an overload takes such arguments. */
  #match(candidate: Overload, types: readonly CelType[]): CelType | undefined {
    if (candidate.parameters.length !== types.length) return undefined;
    const mark = `#${this.#fresh++}`;
    const attempt: TypeBindings = new Map(this.#bindings);
    const fits = candidate.parameters.every((parameter, i) => isAssignable(freshen(parameter, mark), types[i] ?? dynType, attempt));
    if (!fits) return undefined;
    for (const [name, type] of attempt) this.#bindings.set(name, type);
    return resolve(freshen(candidate.result, mark), attempt);
  }

  #comprehension(node: Comprehension, scope: Scope): CelType {
    const range = this.check(node.range, scope);
    const inner = new Map(scope);
    const [first = '', second] = node.variables;
    const members = this.#membersOf(node, range);
    inner.set(first, second === undefined ? members.only : members.key);
    if (second !== undefined) inner.set(second, members.value);
    if (node.condition !== undefined) {
      const condition = this.check(node.condition, inner);
      if (!isAssignable(boolType, condition, this.#bindings)) {
        this.#issue(node.condition.offset, `expected type 'bool' but found '${formatType(condition)}'`);
      }
    }
    const body = node.body === undefined ? members.only : this.check(node.body, inner);
    switch (node.macro) {
      case 'map':
      case 'filter':
      case 'transformList':
        return listType(body);
      case 'transformMap':
        return mapType(members.key, body);
      case 'optMap':
        return { kind: 'optional', item: body };
      case 'optFlatMap':
        return body;
      case 'all':
      case 'exists':
      case 'exists_one':
        return boolType;
      default:
        return unreachable(node.macro);
    }
  }

  /** What one variable over the range is, and what two are. */
  #membersOf(node: Comprehension, range: CelType): { only: CelType; key: CelType; value: CelType } {
    const isOptionalMacro = node.macro === 'optMap' || node.macro === 'optFlatMap';
    if (range.kind === 'optional' && isOptionalMacro) return { only: range.item, key: dynType, value: dynType };
    if (range.kind === 'list' && !isOptionalMacro) return { only: range.item, key: intType, value: range.item };
    if (range.kind === 'map' && !isOptionalMacro) return { only: range.key, key: range.key, value: range.value };
    if (range.kind === 'dyn' || range.kind === 'param') return { only: dynType, key: dynType, value: dynType };
    this.#issue(node.range.offset, rangeWords(range));
    return { only: dynType, key: dynType, value: dynType };
  }

  #issue(offset: number, message: string): CelType {
    this.issues.push({ offset, message });
    return dynType;
  }
}

function rangeWords(type: CelType): string {
  return `expression of type '${formatType(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
}
