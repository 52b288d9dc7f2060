/** Optional values. `or` and `orValue` are evaluated by the evaluator: their argument may not be needed. */
import { CelError } from '../cel-error.ts';
import { CelOptional, type CelValue, isList, isMap, Uint } from '../values/cel-value.ts';
import { namespaced, type Overload, overload } from './function-table.ts';

function valueOf(optional: CelValue | undefined): CelValue {
  const { value } = optional as CelOptional;
  if (value === undefined) throw new CelError('optional.none() dereference');
  return value;
}

function isZero(value: CelValue): boolean {
  if (isList(value)) return value.length === 0;
  if (isMap(value)) return value.size === 0;
  if (value instanceof Uint) return value.value === 0n;
  return value === null || value === '' || value === false || value === 0 || value === 0n;
}

/** The functions of optional values. */
export const optionalLibrary: readonly Overload[] = [
  namespaced('optional', 'of(A) optional<A>', ([value]) => new CelOptional(value)),
  namespaced('optional', 'ofNonZeroValue(A) optional<A>', ([value = null]) => (isZero(value) ? CelOptional.none : new CelOptional(value))),
  namespaced('optional', 'none() optional<A>', () => CelOptional.none),
  overload('optional<A>.hasValue() bool', ([optional]) => (optional as CelOptional).value !== undefined),
  overload('optional<A>.value() A', ([optional]) => valueOf(optional)),
  overload('optional<A>.or(optional<A>) optional<A>', ([optional]) => optional ?? CelOptional.none),
  overload('optional<A>.orValue(A) A', ([optional]) => valueOf(optional)),
];
