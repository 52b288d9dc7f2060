/** Kubernetes' functions of lists, and the sets library of cel-go. */
import { CelError } from '../cel-error.ts';
import { CelDuration, type CelValue, isInt64, Uint } from '../values/cel-value.ts';
import { compareValues, valuesEqual } from '../values/compare-values.ts';
import { type FunctionCost, namespaced, type Overload, overload, sizeOf } from './function-table.ts';

const perMember: FunctionCost = ([list]) => Math.max(1, sizeOf(list));
const perPair: FunctionCost = ([a, b]) => Math.max(1, sizeOf(a) * sizeOf(b));

const comparable = ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'timestamp', 'duration'];

function isSorted(list: readonly CelValue[]): boolean {
  return list.every((member, i) => i === 0 || (compareValues(list[i - 1] ?? null, member) ?? 0) <= 0);
}

function extreme(list: readonly CelValue[], name: 'min' | 'max'): CelValue {
  const [first, ...others] = list;
  if (first === undefined) throw new CelError(`${name} called on empty list`);
  const sign = name === 'min' ? 1 : -1;
  return others.reduce((best, each) => ((compareValues(each, best) ?? 0) * sign < 0 ? each : best), first);
}

function sumOf(list: readonly CelValue[], zero: CelValue): CelValue {
  return list.reduce(added, zero);
}

function added(a: CelValue, b: CelValue): CelValue {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'bigint' && typeof b === 'bigint' && isInt64(a + b)) return a + b;
  if (a instanceof Uint && b instanceof Uint) return new Uint(a.value + b.value);
  if (a instanceof CelDuration && b instanceof CelDuration) return new CelDuration(a.nanoseconds + b.nanoseconds);
  throw new CelError(typeof a === 'bigint' && typeof b === 'bigint' ? 'integer overflow' : 'no such overload');
}

const zeros: readonly (readonly [string, CelValue])[] = [
  ['int', 0n],
  ['uint', new Uint(0n)],
  ['double', 0],
  ['duration', new CelDuration(0n)],
];

function contains(list: readonly CelValue[], wanted: CelValue): boolean {
  return list.some((each) => valuesEqual(each, wanted));
}

const containsAll = (a: CelValue | undefined, b: CelValue | undefined): boolean =>
  (b as CelValue[]).every((each) => contains(a as CelValue[], each));

/** The functions of lists. */
export const listLibrary: readonly Overload[] = [
  ...comparable.flatMap((type) => [
    overload(`list<${type}>.isSorted() bool`, ([list]) => isSorted(list as CelValue[]), perMember),
    overload(`list<${type}>.min() ${type}`, ([list]) => extreme(list as CelValue[], 'min'), perMember),
    overload(`list<${type}>.max() ${type}`, ([list]) => extreme(list as CelValue[], 'max'), perMember),
  ]),
  ...zeros.map(([type, zero]) => overload(`list<${type}>.sum() ${type}`, ([list]) => summed(list as CelValue[], zero), perMember)),
  overload(
    'list<A>.indexOf(A) int',
    ([list, wanted = null]) => BigInt((list as CelValue[]).findIndex((each) => valuesEqual(each, wanted))),
    perMember,
  ),
  overload(
    'list<A>.lastIndexOf(A) int',
    ([list, wanted = null]) => BigInt((list as CelValue[]).findLastIndex((each) => valuesEqual(each, wanted))),
    perMember,
  ),
  namespaced('sets', 'contains(list<A>, list<A>) bool', ([a, b]) => containsAll(a, b), perPair),
  namespaced('sets', 'equivalent(list<A>, list<A>) bool', ([a, b]) => containsAll(a, b) && containsAll(b, a), perPair),
  namespaced(
    'sets',
    'intersects(list<A>, list<A>) bool',
    ([a, b]) => (b as CelValue[]).some((each) => contains(a as CelValue[], each)),
    perPair,
  ),
];

/** A list that is known at evaluation only has the zero of its first member. */
function summed(list: readonly CelValue[], zero: CelValue): CelValue {
  const [first, ...others] = list;
  return first === undefined ? zero : sumOf(others, first);
}
