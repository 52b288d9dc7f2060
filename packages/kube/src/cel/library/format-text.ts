/** `string.format`: `%s`, `%d`, `%f`, `%e`, `%b`, `%o`, `%x`, `%X` and `%%`, with a precision. */
import { CelError } from '../cel-error.ts';
import { bytesOfText } from '../values/cel-bytes.ts';
import {
  CelDuration,
  CelTimestamp,
  CelTypeValue,
  type CelValue,
  formatDuration,
  formatTimestamp,
  isList,
  isMap,
  typeNameOf,
  Uint,
} from '../values/cel-value.ts';
import { formatDouble } from './conversions.ts';

/** Fills in the clauses of a text from a list. */
export function formatText(text: string, values: readonly CelValue[]): string {
  let next = 0;
  const made = text.replace(/%(?:\.(\d+))?(.?)/gs, (_clause, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    const value = values[next];
    if (value === undefined) throw new CelError(`index ${next} out of range`);
    next++;
    return clause(verb, value, precision === undefined ? 6 : Math.min(Number(precision), 100));
  });
  if (next < values.length) throw new CelError(`too many arguments supplied to string.format`);
  return made;
}

function clause(verb: string, value: CelValue, precision: number): string {
  switch (verb) {
    case 's':
      return plain(value);
    case 'd':
      return typeof value === 'number' && !Number.isFinite(value) ? formatDouble(value) : integerOf(value, verb).toString();
    case 'f':
      return numberOf(value).toFixed(precision);
    case 'e':
      return numberOf(value)
        .toExponential(precision)
        .replace(/e([+-])(\d)$/, 'e$10$2');
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : integerOf(value, verb).toString(2);
    case 'o':
      return integerOf(value, verb).toString(8);
    case 'x':
      return hex(value, verb);
    case 'X':
      return hex(value, verb).toUpperCase();
    default:
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function integerOf(value: CelValue, verb: string): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint) return value.value;
  throw new CelError(`%${verb} can only be applied to integers, was given ${typeNameOf(value)}`);
}

function numberOf(value: CelValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw new CelError(`fixed-point clause can only be used on doubles, was given ${typeNameOf(value)}`);
}

function hex(value: CelValue, verb: string): string {
  const bytes = typeof value === 'string' ? bytesOfText(value) : value;
  if (bytes instanceof Uint8Array) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return integerOf(value, verb).toString(16);
}

/** A value as `%s` writes it; texts inside lists and maps are in quotes. */
function plain(value: CelValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatDouble(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof CelDuration) return formatDuration(value);
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelTypeValue) return value.typeName;
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return String.fromCharCode(...value);
  if (isList(value)) return `[${value.map(plain).join(', ')}]`;
  if (isMap(value)) {
    const entries = [...value].map(([key, member]) => `${String(key)}: ${plain(member)}`);
    return `{${entries.sort().join(', ')}}`;
  }
  throw new CelError(
    `string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeNameOf(value)}`,
  );
}
