/**
 * Turns a checked tree into a function of its variables.
 *
 * Every step is paid for from a budget, with the prices of cel-go. `&&` and `||` hide an error of one
 * side when the other side decides, and so do `all` and `exists`; an exhausted budget is never hidden.
 */
import { assert, defined, unreachable } from '@weir/net';
import { CelBudgetError, CelError } from '../cel-error.ts';
import type { CostBudget } from '../cost-budget.ts';
import { isOfType, type Overload } from '../library/function-table.ts';
import { type CelKey, CelOptional, type CelValue, isMap, LazyObject } from '../values/cel-value.ts';
import type { CelNode } from './ast.ts';
import { type CheckedExpression, typeNames } from './checker.ts';
import { comprehensionStep } from './comprehension.ts';
import type { Frame, Step } from './step.ts';

/** Prices of cel-go that are not 1. */
const listPrice = 10;
const mapPrice = 30;

/** Compiles a checked tree. */
export function compileNode(node: CelNode, checked: CheckedExpression): Step {
  return new Compiler(checked).step(node, []);
}

/** Makes steps of nodes; `locals` are the names of the slots, the innermost last. */
class Compiler {
  readonly #checked: CheckedExpression;

  constructor(checked: CheckedExpression) {
    this.#checked = checked;
  }

  step(node: CelNode, locals: readonly string[]): Step {
    switch (node.kind) {
      case 'literal': {
        const { value } = node;
        return () => value;
      }
      case 'identifier':
        return identifierStep(node.name, locals);
      case 'select':
        return this.#select(node, locals);
      case 'call':
        return this.#call(node, locals);
      case 'list':
        return this.#list(node, locals);
      case 'map':
        return this.#map(node, locals);
      case 'comprehension':
        return comprehensionStep(node, this, locals);
      default:
        return unreachable(node);
    }
  }

  #select(node: Extract<CelNode, { kind: 'select' }>, locals: readonly string[]): Step {
    const whole = this.#checked.qualified.get(node);
    if (whole !== undefined) return identifierStep(whole, []);
    const operand = this.step(node.operand, locals);
    const name = this.#checked.fields.get(node) ?? node.field;
    return (frame) => {
      const value = operand(frame);
      frame.budget.spend(1);
      const isOptional = value instanceof CelOptional;
      if (isOptional && value.value === undefined) return node.mode === 'test' ? false : value;
      const inner = isOptional ? (value.value ?? null) : value;
      const found = fieldOf(inner, name);
      if (node.mode === 'test') return found !== undefined;
      if (node.mode === 'optional' || isOptional) return found === undefined ? CelOptional.none : new CelOptional(found);
      if (found === undefined) throw new CelError(`no such key: ${name}`);
      return found;
    };
  }

  #call(node: Extract<CelNode, { kind: 'call' }>, locals: readonly string[]): Step {
    const operands = node.target === undefined || this.#checked.namespaced.has(node) ? node.args : [node.target, ...node.args];
    const steps = operands.map((operand) => this.step(operand, locals));
    switch (node.name) {
      case '_&&_':
        return logicStep(steps, false);
      case '_||_':
        return logicStep(steps, true);
      case '_?_:_':
        return conditionalStep(steps);
    }
    if (node.target !== undefined && (node.name === 'or' || node.name === 'orValue')) return fallbackStep(node.name, steps);
    const overloads = defined(this.#checked.overloads.get(node), 'a checked call has overloads');
    return (frame) => {
      const args = steps.map((step) => step(frame));
      return callOverload(overloads, args, frame.budget);
    };
  }

  #list(node: Extract<CelNode, { kind: 'list' }>, locals: readonly string[]): Step {
    const items = node.items.map(({ node: item, optional }) => ({ step: this.step(item, locals), optional }));
    return (frame) => {
      frame.budget.spend(listPrice);
      const values: CelValue[] = [];
      for (const { step, optional } of items) {
        const value = present(step(frame), optional);
        if (value !== undefined) values.push(value);
      }
      return values;
    };
  }

  #map(node: Extract<CelNode, { kind: 'map' }>, locals: readonly string[]): Step {
    const entries = node.entries.map((entry) => ({
      key: this.step(entry.key, locals),
      value: this.step(entry.value, locals),
      optional: entry.optional,
    }));
    return (frame) => {
      frame.budget.spend(mapPrice);
      const made = new Map<CelKey, CelValue>();
      for (const { key, value, optional } of entries) {
        const name = keyOf(key(frame));
        const member = present(value(frame), optional);
        if (made.has(name)) throw new CelError(`Failed with repeated key: ${String(name)}`);
        if (member !== undefined) made.set(name, member);
      }
      return made;
    };
  }
}

function identifierStep(name: string, locals: readonly string[]): Step {
  const slot = locals.lastIndexOf(name);
  if (slot >= 0) {
    return ({ locals: values, budget }) => {
      budget.spend(1);
      return values[slot] ?? null;
    };
  }
  return ({ variables, budget }) => {
    budget.spend(1);
    const value = variables.get(name) ?? (variables.has(name) ? null : typeNames.get(name));
    if (value === undefined) throw new CelError(`no such attribute(s): ${name}`);
    return value;
  };
}

/** A field of an object or an entry of a map; undefined when there is none. */
function fieldOf(value: CelValue, name: string): CelValue | undefined {
  if (isMap(value)) return value.get(name);
  if (value instanceof LazyObject) return value.field(name);
  throw new CelError('no such overload');
}

/** The member that an optional element stands for; undefined when it is to be left out. */
function present(value: CelValue, optional: boolean): CelValue | undefined {
  if (!optional) return value;
  if (value instanceof CelOptional) return value.value;
  throw new CelError('no such overload');
}

/** What can be a key of a map. */
function keyOf(value: CelValue): CelKey {
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new CelError('unsupported key type');
}

function callOverload(overloads: readonly Overload[], args: readonly CelValue[], budget: CostBudget): CelValue {
  for (const each of overloads) {
    if (!each.parameters.every((parameter, i) => isOfType(args[i] ?? null, parameter))) continue;
    const before = each.cost === undefined ? 1 : each.cost(args, null);
    budget.spend(before);
    return each.call(args);
  }
  throw new CelError('no such overload');
}

/** The value of a step, or the error that it ended in. */
function attempt(step: Step, frame: Frame): CelValue | CelError {
  try {
    return step(frame);
  } catch (error) {
    if (error instanceof CelError && !(error instanceof CelBudgetError)) return error;
    throw error;
  }
}

/** `||` (decisive: true) and `&&` (decisive: false). */
function logicStep(steps: readonly Step[], decisive: boolean): Step {
  const [left, right] = steps;
  assert(left !== undefined && right !== undefined, 'an operator has two sides');
  return (frame) => {
    const first = attempt(left, frame);
    if (first === decisive) return decisive;
    const second = attempt(right, frame);
    if (second === decisive) return decisive;
    for (const each of [first, second]) {
      if (each instanceof CelError) throw each;
      if (typeof each !== 'boolean') throw new CelError('no such overload');
    }
    return !decisive;
  };
}

function conditionalStep(steps: readonly Step[]): Step {
  const [condition, yes, no] = steps;
  assert(condition !== undefined && yes !== undefined && no !== undefined, 'a conditional has three parts');
  return (frame) => {
    const decided = condition(frame);
    if (typeof decided !== 'boolean') throw new CelError('no such overload');
    return decided ? yes(frame) : no(frame);
  };
}

/** `or` and `orValue` of an optional: the alternative is evaluated only when it is needed. */
function fallbackStep(name: string, steps: readonly Step[]): Step {
  const [receiver, other] = steps;
  assert(receiver !== undefined && other !== undefined, 'or and orValue have one argument');
  return (frame) => {
    const value = receiver(frame);
    frame.budget.spend(1);
    if (!(value instanceof CelOptional)) throw new CelError('no such overload');
    if (value.value === undefined) return other(frame);
    return name === 'or' ? value : value.value;
  };
}
