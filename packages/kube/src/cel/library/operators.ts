/** The operators of the language, `size`, membership and indexing. */
import { CelError } from '../cel-error.ts';
import {
  CelDuration,
  type CelFunction,
  type CelKey,
  CelOptional,
  CelTimestamp,
  type CelValue,
  isInt64,
  isList,
  isMap,
  Uint,
} from '../values/cel-value.ts';
import { compareValues, valuesEqual } from '../values/compare-values.ts';
import { type FunctionCost, type Overload, overload, sizeOf, traversalCost } from './function-table.ts';

const int = (value: bigint): bigint => {
  if (!isInt64(value)) throw new CelError('integer overflow');
  return value;
};
const uint = (value: bigint): Uint => {
  if (value < 0n || value >= 2n ** 64n) throw new CelError('unsigned integer overflow');
  return new Uint(value);
};

const equalityCost: FunctionCost = ([a, b]) => Math.max(1, Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * 0.1));

const equality: readonly Overload[] = [
  overload('_==_(A, A) bool', ([a = null, b = null]) => valuesEqual(a, b), equalityCost),
  overload('_!=_(A, A) bool', ([a = null, b = null]) => !valuesEqual(a, b), equalityCost),
];

const orders: Readonly<Record<string, (order: number) => boolean>> = {
  '_<_': (order) => order < 0,
  '_<=_': (order) => order <= 0,
  '_>_': (order) => order > 0,
  '_>=_': (order) => order >= 0,
};
const numberPairs = ['int, uint', 'int, double', 'uint, int', 'uint, double', 'double, int', 'double, uint'];
const ordered = ['int', 'uint', 'double', 'string', 'bool', 'bytes', 'timestamp', 'duration'].map((name) => `${name}, ${name}`);

const ordering: readonly Overload[] = Object.entries(orders).flatMap(([name, decide]) =>
  [...ordered, ...numberPairs].map((parameters) =>
    overload(
      `${name}(${parameters}) bool`,
      ([a = null, b = null]) => {
        const order = compareValues(a, b);
        return order !== undefined && decide(order);
      },
      equalityCost,
    ),
  ),
);

type IntOperation = (a: bigint, b: bigint) => bigint;
type DoubleOperation = (a: number, b: number) => number;

function divided(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new CelError('division by zero');
  return a / b;
}

function modulus(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new CelError('modulus by zero');
  return a % b;
}

const integerOperations: readonly (readonly [string, IntOperation])[] = [
  ['_+_', (a, b) => a + b],
  ['_-_', (a, b) => a - b],
  ['_*_', (a, b) => a * b],
  ['_/_', divided],
  ['_%_', modulus],
];
const doubleOperations: readonly (readonly [string, DoubleOperation])[] = [
  ['_+_', (a, b) => a + b],
  ['_-_', (a, b) => a - b],
  ['_*_', (a, b) => a * b],
  ['_/_', (a, b) => a / b],
];

const arithmetic: readonly Overload[] = [
  ...integerOperations.flatMap(([name, operate]) => [
    overload(`${name}(int, int) int`, ([a, b]) => int(operate(a as bigint, b as bigint))),
    overload(`${name}(uint, uint) uint`, ([a, b]) => uint(operate((a as Uint).value, (b as Uint).value))),
  ]),
  ...doubleOperations.map(([name, operate]) => overload(`${name}(double, double) double`, ([a, b]) => operate(a as number, b as number))),
  overload('-_(int) int', ([a]) => int(-(a as bigint))),
  overload('-_(double) double', ([a]) => -(a as number)),
  overload('!_(bool) bool', ([a]) => a !== true),
];

const nanoseconds = (value: CelValue | undefined): bigint => (value as CelDuration | CelTimestamp).nanoseconds;
const duration: CelFunction = ([a, b]) => new CelDuration(int(nanoseconds(a) + nanoseconds(b)));
const later: CelFunction = ([a, b]) => new CelTimestamp(nanoseconds(a) + nanoseconds(b));

const times: readonly Overload[] = [
  overload('_+_(duration, duration) duration', duration),
  overload('_+_(timestamp, duration) timestamp', later),
  overload('_+_(duration, timestamp) timestamp', later),
  overload('_-_(duration, duration) duration', ([a, b]) => new CelDuration(int(nanoseconds(a) - nanoseconds(b)))),
  overload('_-_(timestamp, timestamp) duration', ([a, b]) => new CelDuration(int(nanoseconds(a) - nanoseconds(b)))),
  overload('_-_(timestamp, duration) timestamp', ([a, b]) => new CelTimestamp(nanoseconds(a) - nanoseconds(b))),
];

const joining: readonly Overload[] = [
  overload('_+_(string, string) string', ([a, b]) => `${a as string}${b as string}`, traversalCost),
  overload('_+_(bytes, bytes) bytes', ([a, b]) => Uint8Array.from([...(a as Uint8Array), ...(b as Uint8Array)]), traversalCost),
  overload(
    '_+_(list<A>, list<A>) list<A>',
    ([a, b]) => [...(a as CelValue[]), ...(b as CelValue[])],
    // Both lists are copied: cel-go has no price for that, a bound on time needs one.
    traversalCost,
  ),
];

const containers: readonly Overload[] = [
  overload(
    '@in(A, list<A>) bool',
    ([a = null, list]) => (list as CelValue[]).some((each) => valuesEqual(a, each)),
    ([, list]) => Math.max(1, sizeOf(list)),
  ),
  overload('@in(A, map<A, B>) bool', ([key = null, map]) => lookUp(map, key) !== undefined),
  ...['size(A) int', 'A.size() int'].flatMap((form) =>
    ['string', 'bytes', 'list<A>', 'map<A, B>'].map((type) => overload(form.replace('A', type), ([value = null]) => sizeAsInt(value))),
  ),
  overload('_[_](list<A>, int) A', ([list, index = null]) => itemAt(list, index)),
  overload('_[_](map<A, B>, A) B', ([map, key = null]) => {
    const found = lookUp(map, key);
    if (found === undefined) throw new CelError(`no such key: ${(key as CelKey).toString()}`);
    return found;
  }),
  overload('_[?_](list<A>, int) optional<A>', ([list = null, index = null]) => optionalItem(list, index)),
  overload('_[?_](map<A, B>, A) optional<B>', ([map, key = null]) => optionalOf(lookUp(map, key))),
  ...['_[_]', '_[?_]'].flatMap((name) => [
    overload(`${name}(optional<list<A>>, int) optional<A>`, ([list, index = null]) => within(list, (value) => optionalItem(value, index))),
    overload(`${name}(optional<map<A, B>>, A) optional<B>`, ([map, key = null]) => within(map, (value) => optionalOf(lookUp(value, key)))),
  ]),
];

function lookUp(map: CelValue | undefined, key: CelValue): CelValue | undefined {
  if (map === undefined || !isMap(map)) throw new CelError('no such overload');
  if (typeof key === 'number' && Number.isInteger(key)) return map.get(BigInt(key));
  return map.get(key as CelKey);
}

function itemAt(list: CelValue | undefined, index: CelValue): CelValue {
  const found = (list as CelValue[])[Number(index)];
  if (found === undefined) throw new CelError(`index out of bounds: ${(index as bigint).toString()}`);
  return found;
}

function optionalItem(list: CelValue, index: CelValue): CelOptional {
  if (!isList(list)) throw new CelError('no such overload');
  return optionalOf(list[Number(index)]);
}

function optionalOf(value: CelValue | undefined): CelOptional {
  return value === undefined ? CelOptional.none : new CelOptional(value);
}

function within(value: CelValue | undefined, read: (inner: CelValue) => CelOptional): CelOptional {
  const inner = (value as CelOptional).value;
  return inner === undefined ? CelOptional.none : read(inner);
}

function sizeAsInt(value: CelValue): bigint {
  if (typeof value === 'string') return BigInt(Array.from(value).length);
  return BigInt(sizeOf(value));
}

/** Only types: these are evaluated by the evaluator itself. */
const logic: readonly Overload[] = [
  overload('_&&_(bool, bool) bool', () => false),
  overload('_||_(bool, bool) bool', () => false),
  overload('_?_:_(bool, A, A) A', () => null),
];

/** The operators. */
export const operators: readonly Overload[] = [...equality, ...ordering, ...arithmetic, ...times, ...joining, ...containers, ...logic];
