/** Resource quantities (`500m`, `1Gi`) as exact numbers of billionths, which is as small as they get. */
import { CelError } from '../cel-error.ts';
import { type CelValue, isInt64, OpaqueValue } from '../values/cel-value.ts';
import { type Overload, overload, traversalCost } from './function-table.ts';

const billion = 1_000_000_000n;
const pattern = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE])([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** A quantity. */
class CelQuantity extends OpaqueValue {
  readonly typeName = 'kubernetes.Quantity';
  readonly billionths: bigint;

  constructor(billionths: bigint) {
    super();
    this.billionths = billionths;
  }

  override equals(other: CelQuantity): boolean {
    return this.billionths === other.billionths;
  }
}

/** Reads a quantity, rounded up to billionths; undefined when the text is none. */
function parseCelQuantity(text: string): CelQuantity | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = '', , exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const power = exponent === undefined ? (decimalSuffixes.indexOf(suffix) - 3) * 3 : Number(exponent);
  const binary = binarySuffixes.indexOf(suffix);
  const isBinary = suffix.endsWith('i');
  const factor = isBinary ? 1024n ** BigInt(binary) : power >= 0 ? 10n ** BigInt(power) : 1n;
  const divisor = 10n ** BigInt(fraction.length + (isBinary || power >= 0 ? 0 : -power));
  const scaled = BigInt(whole + fraction) * factor * billion;
  const size = (scaled + divisor - 1n) / divisor;
  return new CelQuantity(sign === '-' ? -size : size);
}

function quantityIn(text: string): CelQuantity {
  const found = parseCelQuantity(text);
  if (found === undefined) {
    throw new CelError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  }
  return found;
}

const amount = (value: CelValue | undefined): bigint => (value instanceof CelQuantity ? value.billionths : (value as bigint) * billion);

function compared(a: CelValue | undefined, b: CelValue | undefined): bigint {
  const difference = amount(a) - amount(b);
  if (difference === 0n) return 0n;
  return difference < 0n ? -1n : 1n;
}

function asInteger(value: CelValue | undefined): bigint {
  const whole = amount(value);
  if (whole % billion !== 0n || !isInt64(whole / billion)) throw new CelError('cannot convert value to integer');
  return whole / billion;
}

function isInteger(value: CelValue | undefined): boolean {
  return amount(value) % billion === 0n && isInt64(amount(value) / billion);
}

const quantity = 'kubernetes.Quantity';

/** The functions of quantities. */
export const quantityLibrary: readonly Overload[] = [
  overload(`quantity(string) ${quantity}`, ([text]) => quantityIn(text as string), traversalCost),
  overload('isQuantity(string) bool', ([text]) => parseCelQuantity(text as string) !== undefined, traversalCost),
  overload(`${quantity}.sign() int`, ([value]) => compared(value, 0n)),
  overload(`${quantity}.isInteger() bool`, ([value]) => isInteger(value)),
  overload(`${quantity}.asInteger() int`, ([value]) => asInteger(value)),
  overload(`${quantity}.asApproximateFloat() double`, ([value]) => Number(amount(value)) / 1e9),
  overload(`${quantity}.isGreaterThan(${quantity}) bool`, ([a, b]) => compared(a, b) > 0n),
  overload(`${quantity}.isLessThan(${quantity}) bool`, ([a, b]) => compared(a, b) < 0n),
  overload(`${quantity}.compareTo(${quantity}) int`, ([a, b]) => compared(a, b)),
  ...[quantity, 'int'].flatMap((type) => [
    overload(`${quantity}.add(${type}) ${quantity}`, ([a, b]) => new CelQuantity(amount(a) + amount(b))),
    overload(`${quantity}.sub(${type}) ${quantity}`, ([a, b]) => new CelQuantity(amount(a) - amount(b))),
  ]),
];
