/** The functions of Go's templates, and the three that calicoctl adds: `join`, `joinAndTruncate` and `config`. */
import { CalicoctlError } from '../../calicoctl-error.ts';
import { goFloat, joined } from '../go-text.ts';
import { isFields, isTrue, printed, sortedEntries } from './go-value.ts';

/** Gets its arguments in their order. */
export type TemplateFunction = (...values: readonly unknown[]) => unknown;

/** A text is a list of characters for `len`, `index` and `slice`. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (isFields(value)) return Object.keys(value).length;
  if (value === undefined) return 0;
  throw new CalicoctlError(`error calling len: len of type ${typeof value}`);
}

function elementOf(value: unknown, key: unknown): unknown {
  if (isFields(value)) return value[printed(key)] ?? '';
  if (!Array.isArray(value) || typeof key !== 'number') throw new CalicoctlError(`error calling index: cannot index with ${printed(key)}`);
  if (key < 0 || key >= value.length) throw new CalicoctlError(`error calling index: index out of range: ${key}`);
  return value[key];
}

function isBefore(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  if (typeof a === 'string' && typeof b === 'string') return a < b;
  throw new CalicoctlError('error calling lt: incompatible types for comparison');
}

function equal(a: unknown, b: unknown): boolean {
  // A field that is not there is empty, whatever its type.
  return a === b || (a === undefined && (b === '' || b === 0 || b === false));
}

function sliceOf(value: unknown, from: unknown = 0, to: unknown = lengthOf(value)): unknown {
  if ((typeof value !== 'string' && !Array.isArray(value)) || typeof from !== 'number' || typeof to !== 'number') {
    throw new CalicoctlError(`error calling slice: cannot slice ${printed(value)}`);
  }
  return value.slice(from, to);
}

function joinedItems(items: unknown, separator: unknown, max: unknown = 0): string {
  const list = isFields(items) ? sortedEntries(items).map(([key, value]) => `${key}=${printed(value)}`) : items === undefined ? [] : items;
  const texts = (Array.isArray(list) ? list : [list]).map(printed);
  return joined(texts, printed(separator), typeof max === 'number' && max > 0 ? max : undefined);
}

/** Between texts there is no blank, between others there is one. */
function print(...values: readonly unknown[]): string {
  return values.reduce<string>((text, value, at) => {
    const before = values[at - 1];
    return `${text}${at > 0 && typeof value !== 'string' && typeof before !== 'string' ? ' ' : ''}${printed(value)}`;
  }, '');
}

const verb = /%(?<flags>[-+0 #]*)(?<width>\d+)?(?:\.(?<digits>\d+))?(?<letter>[a-zA-Z%])/g;
/** No text is made longer than this by its width. */
const widest = 1_000;

function printf(format: unknown, ...values: readonly unknown[]): string {
  let used = 0;
  let end = 0;
  const pieces: string[] = [];
  const text = printed(format);
  for (const match of text.matchAll(verb)) {
    pieces.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const letter = match.groups?.['letter'] ?? 'v';
    if (letter === '%') pieces.push('%');
    else if (used >= values.length) pieces.push(`%!${letter}(MISSING)`);
    else pieces.push(formatted(letter, values[used++], match.groups ?? {}));
  }
  const extra = values.slice(used).map(printed);
  return `${pieces.join('')}${text.slice(end)}${extra.length === 0 ? '' : `%!(EXTRA ${extra.join(', ')})`}`;
}

function formatted(letter: string, value: unknown, { flags = '', width = '0', digits }: Readonly<Record<string, string>>): string {
  const shown = inLetter(letter, value, digits === undefined ? undefined : Number(digits));
  const size = Math.min(Number(width), widest);
  if (flags.includes('-')) return shown.padEnd(size);
  return shown.padStart(size, flags.includes('0') && letter !== 's' ? '0' : ' ');
}

function inLetter(letter: string, value: unknown, digits: number | undefined): string {
  switch (letter) {
    case 'q':
      return JSON.stringify(printed(value));
    case 'f':
      return Number(value).toFixed(Math.min(digits ?? 6, 20));
    case 'g':
      return goFloat(Number(value));
    case 'x':
      return typeof value === 'number' ? value.toString(16) : Buffer.from(printed(value)).toString('hex');
    default:
      return letter === 's' && digits !== undefined ? printed(value).slice(0, digits) : printed(value);
  }
}

const htmlSigns: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };

/** All but `and` and `or`, which do not look at what they need not. */
export function templateFunctions(config: (name: string) => string): Readonly<Record<string, TemplateFunction>> {
  return {
    not: (value) => !isTrue(value),
    len: lengthOf,
    index: (value, ...keys) => keys.reduce(elementOf, value),
    slice: sliceOf,
    eq: (value, ...others) => others.some((other) => equal(value, other)),
    ne: (a, b) => !equal(a, b),
    lt: isBefore,
    le: (a, b) => isBefore(a, b) || equal(a, b),
    gt: (a, b) => isBefore(b, a),
    ge: (a, b) => isBefore(b, a) || equal(a, b),
    print,
    println: (...values) => `${values.map(printed).join(' ')}\n`,
    printf,
    html: (...values) => print(...values).replace(/[&<>"']/g, (sign) => htmlSigns[sign] ?? sign),
    urlquery: (...values) => encodeURIComponent(print(...values)).replaceAll('%20', '+'),
    join: joinedItems,
    joinAndTruncate: joinedItems,
    config: (name) => config(printed(name)),
  };
}
