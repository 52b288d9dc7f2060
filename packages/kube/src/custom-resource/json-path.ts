/**
 * JSONPath as printer columns and selectable fields use it (`client-go/util/jsonpath`, without ranges):
 * `.spec.replicas`, `.a["b.c"]`, `.a\.b`, `.list[0]`, `.list[-1]`, `.list[*]`, `.list[?(@.type=="Ready")].status`.
 */
import { unreachable } from '@weir/net';
import { isJsonObject } from '../registry/json-object.ts';

/** One step of a path. */
export type PathStep =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'every' }
  | { readonly kind: 'filter'; readonly left: Operand; readonly operator: string; readonly right: Operand | undefined };

type Operand = { readonly kind: 'path'; readonly steps: readonly PathStep[] } | { readonly kind: 'literal'; readonly value: unknown };

const namePattern = /^\.?((?:\\.|[^.[\]\\])+)/;
const quotedPattern = /^\[(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\]/;
const indexPattern = /^\[(-?[0-9]{1,9})\]/;
const filterPattern = /^\[\?\(\s*(.+?)\s*\)\]/;
const comparisonPattern = /^(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/;

/** Longer paths are none: nobody writes them, and reading filters takes more than linear time. */
const lengthLimit = 1_024;

/** Reads a path; undefined when it is none. */
export function parseJsonPath(text: string): readonly PathStep[] | undefined {
  if (text.length > lengthLimit) return undefined;
  const steps: PathStep[] = [];
  let rest = text.trim().replace(/^[$@]/, '');
  while (rest !== '' && rest !== '.') {
    const taken = takeStep(rest);
    if (taken === undefined) return undefined;
    steps.push(taken.step);
    rest = rest.slice(taken.length);
  }
  return steps;
}

/** What a path finds in a value, in document order; what is absent is left out. */
export function findByPath(value: unknown, steps: readonly PathStep[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>((found, step) => found.flatMap((each) => follow(each, step)), [value]);
}

function takeStep(text: string): { readonly step: PathStep; readonly length: number } | undefined {
  const quoted = quotedPattern.exec(text);
  if (quoted !== null) return { step: { kind: 'member', name: unescape(quoted[1] ?? quoted[2] ?? '') }, length: quoted[0].length };
  const index = indexPattern.exec(text);
  if (index !== null) return { step: { kind: 'index', index: Number(index[1]) }, length: index[0].length };
  if (text.startsWith('[*]')) return { step: { kind: 'every' }, length: 3 };
  if (text.startsWith('.*')) return { step: { kind: 'every' }, length: 2 };
  const filter = filterPattern.exec(text);
  if (filter !== null) {
    const step = parseFilter(filter[1] ?? '');
    return step === undefined ? undefined : { step, length: filter[0].length };
  }
  if (text.startsWith('..') || text.startsWith('[')) return undefined;
  const name = namePattern.exec(text);
  return name === null ? undefined : { step: { kind: 'member', name: unescape(name[1] ?? '') }, length: name[0].length };
}

function parseFilter(text: string): PathStep | undefined {
  const comparison = comparisonPattern.exec(text);
  const left = parseOperand(comparison?.[1] ?? text);
  if (left === undefined) return undefined;
  if (comparison === null) return { kind: 'filter', left, operator: 'exists', right: undefined };
  const right = parseOperand(comparison[3] ?? '');
  return right === undefined ? undefined : { kind: 'filter', left, operator: comparison[2] ?? '', right };
}

function parseOperand(text: string): Operand | undefined {
  if (text.startsWith('@')) {
    const steps = parseJsonPath(text);
    return steps === undefined ? undefined : { kind: 'path', steps };
  }
  const quoted = /^'(.*)'$|^"(.*)"$/s.exec(text);
  if (quoted !== null) return { kind: 'literal', value: unescape(quoted[1] ?? quoted[2] ?? '') };
  if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
  return /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? { kind: 'literal', value: Number(text) } : undefined;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

function follow(value: unknown, step: PathStep): readonly unknown[] {
  switch (step.kind) {
    case 'member':
      return isJsonObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'index': {
      const found: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
      return found === undefined ? [] : [found];
    }
    case 'every':
      return membersOf(value);
    case 'filter':
      return membersOf(value).filter((member) => holds(member, step));
    default:
      return unreachable(step);
  }
}

function membersOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value) : [];
}

function holds(member: unknown, { left, operator, right }: Extract<PathStep, { kind: 'filter' }>): boolean {
  const a = operandValue(left, member);
  if (operator === 'exists') return a !== undefined;
  const b = right === undefined ? undefined : operandValue(right, member);
  if (a === undefined || b === undefined) return false;
  if (operator === '==') return a === b;
  if (operator === '!=') return a !== b;
  if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) return false;
  const order = a < (b as typeof a) ? -1 : a > (b as typeof a) ? 1 : 0;
  return operator.startsWith('<') ? order < 0 || (operator === '<=' && order === 0) : order > 0 || (operator === '>=' && order === 0);
}

function operandValue(operand: Operand, member: unknown): unknown {
  return operand.kind === 'literal' ? operand.value : findByPath(member, operand.steps)[0];
}
