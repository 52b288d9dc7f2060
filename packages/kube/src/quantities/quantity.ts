/**
 * Resource quantities (`apimachinery/pkg/api/resource`) that are added up exactly and written as the reference writes them.
 *
 * An amount is kept in billionths, the smallest step that the reference keeps; a finer one is rounded up.
 */
import { isQuantity } from '../validation/field-rules.ts';

/** Which suffixes a quantity is written with: powers of 1000, powers of 1024, or an exponent. */
export type QuantityFormat = 'decimal' | 'binary' | 'exponent';

/** An exact amount and how it was written. */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

const one = 1_000_000_000n;
const decimalSuffixes: readonly (readonly [suffix: string, nanos: bigint])[] = [
  ['E', 10n ** 27n],
  ['P', 10n ** 24n],
  ['T', 10n ** 21n],
  ['G', 10n ** 18n],
  ['M', 10n ** 15n],
  ['k', 10n ** 12n],
  ['', one],
  ['m', 1_000_000n],
  ['u', 1_000n],
  ['n', 1n],
];
const binarySuffixes: readonly (readonly [suffix: string, nanos: bigint])[] = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki', ''].map(
  (suffix, i) => [suffix, one * 1024n ** BigInt(6 - i)] as const,
);
/** Exponents beyond these are more than any amount that the reference tells apart. */
const exponentLimit = 30;

/** Nothing. */
export const zeroQuantity: Quantity = { nanos: 0n, format: 'decimal' };

/** A whole number of things. */
export function quantityOf(count: number): Quantity {
  return { nanos: BigInt(count) * one, format: 'decimal' };
}

/** Reads a text or number such as `100m`, `1Gi`, `1e3`; undefined when it is no quantity. */
export function readQuantity(value: unknown): Quantity | undefined {
  const text = String(value);
  if (!isQuantity(text)) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = /^([+-]?)([0-9]*)\.?([0-9]*)(.*)$/.exec(text) ?? [];
  const { factor, format } = factorOf(suffix);
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(`${whole}${fraction}` || '0') * factor;
  const nanos = (scaled + scale - 1n) / scale;
  return { nanos: sign === '-' ? -nanos : nanos, format };
}

/** Both together, written like the first (or like the second when the first is nothing). */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** What is left of the first without the second. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, { ...b, nanos: -b.nanos });
}

/** The greater one. */
export function maxQuantity(a: Quantity, b: Quantity): Quantity {
  return a.nanos >= b.nanos ? a : b;
}

/** The canonical text: no fraction, the largest suffix that leaves a whole number. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  const sign = nanos < 0n ? '-' : '';
  const amount = nanos < 0n ? -nanos : nanos;
  // Fractions have no binary suffix.
  const suffixes = format === 'binary' && amount % one === 0n && amount >= 1024n * one ? binarySuffixes : decimalSuffixes;
  const [suffix, factor] = suffixes.find(([, each]) => amount % each === 0n) ?? ['n', 1n];
  if (format !== 'exponent') return `${sign}${amount / factor}${suffix}`;
  const exponent = factor.toString().length - one.toString().length;
  return `${sign}${amount / factor}${exponent === 0 ? '' : `e${exponent}`}`;
}

function factorOf(suffix: string): { readonly factor: bigint; readonly format: QuantityFormat } {
  const exponent = /^[eE]([-+]?[0-9]+)$/.exec(suffix);
  if (exponent !== null) {
    const power = Math.max(-exponentLimit, Math.min(exponentLimit, Number(exponent[1])));
    return { factor: power >= -9 ? 10n ** BigInt(9 + power) : 0n, format: 'exponent' };
  }
  const binary = suffix === '' ? undefined : binarySuffixes.find(([each]) => each === suffix);
  if (binary !== undefined) return { factor: binary[1], format: 'binary' };
  return { factor: decimalSuffixes.find(([each]) => each === suffix)?.[1] ?? one, format: 'decimal' };
}
