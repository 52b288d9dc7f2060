/** Functions of texts: those of the language, and cel-go's extension library. Positions count code points. */
import { CelError } from '../cel-error.ts';
import type { CelValue } from '../values/cel-value.ts';
import { formatText } from './format-text.ts';
import { type FunctionCost, namespaced, type Overload, overload, sizeOf, traversalCost } from './function-table.ts';

const prefixCost: FunctionCost = ([, part]) => Math.max(1, Math.ceil(sizeOf(part) * 0.1));
const searchCost: FunctionCost = ([text, part]) => Math.max(1, Math.ceil(sizeOf(text) * 0.1)) * Math.max(1, Math.ceil(sizeOf(part) * 0.1));

/** What a function may make: replacing and joining must not build texts without bound. */
const lengthLimit = 10_000_000;

const words = (value: CelValue | undefined): string => value as string;

function position(text: readonly string[], index: CelValue | undefined, most: number): number {
  const at = Number(index);
  if (at < 0 || at > most) throw new CelError(`index out of range: ${at}`);
  return Math.min(at, text.length);
}

function charAt(text: string, index: CelValue | undefined): string {
  const letters = Array.from(text);
  return letters[position(letters, index, letters.length)] ?? '';
}

function substring(text: string, from: CelValue | undefined, to: CelValue | undefined): string {
  const letters = Array.from(text);
  const end = to === undefined ? letters.length : position(letters, to, letters.length);
  const start = position(letters, from, letters.length);
  if (start > end) throw new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  return letters.slice(start, end).join('');
}

function indexOf(text: string, part: string, from: CelValue | undefined): bigint {
  const letters = Array.from(text);
  const start = from === undefined ? 0 : position(letters, from, letters.length);
  const units = letters.slice(0, start).join('').length;
  const found = text.indexOf(part, units);
  return found < 0 ? -1n : BigInt(Array.from(text.slice(0, found)).length);
}

function lastIndexOf(text: string, part: string, from: CelValue | undefined): bigint {
  const letters = Array.from(text);
  const start = from === undefined ? letters.length : position(letters, from, letters.length);
  const found = text.lastIndexOf(part, letters.slice(0, start).join('').length);
  return found < 0 ? -1n : BigInt(Array.from(text.slice(0, found)).length);
}

function replaced(text: string, [from, to]: readonly [string, string], limit: CelValue | undefined): string {
  const most = limit === undefined || Number(limit) < 0 ? Infinity : Number(limit);
  const parts = from === '' ? ['', ...Array.from(text), ''] : text.split(from);
  const cut = Math.min(parts.length - 1, most);
  if (text.length + cut * to.length > lengthLimit) throw new CelError('the result is too long');
  return (
    parts.slice(0, cut + 1).join(to) +
    parts
      .slice(cut + 1)
      .map((part) => from + part)
      .join('')
  );
}

function split(text: string, separator: string, limit: CelValue | undefined): string[] {
  const most = limit === undefined || Number(limit) < 0 ? Infinity : Number(limit);
  if (most === 0) return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (parts.length <= most) return parts;
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)];
}

function join(list: CelValue | undefined, separator: string): string {
  const parts = list as string[];
  if (parts.some((part) => typeof part !== 'string')) throw new CelError('no such overload');
  if (parts.length * separator.length > lengthLimit) throw new CelError('the result is too long');
  return parts.join(separator);
}

/** `replace` can make a text longer than all its arguments. */
const replaceCost: FunctionCost = ([text, , to]) => Math.max(1, Math.ceil(sizeOf(text) * Math.max(1, sizeOf(to)) * 0.1));
const joinCost: FunctionCost = ([list, separator]) =>
  Math.max(
    1,
    Math.ceil(
      (list as CelValue[]).reduce<number>((sum, part) => sum + sizeOf(part) + (separator === undefined ? 0 : sizeOf(separator)), 0) * 0.1,
    ),
  );

/** The functions of texts. */
export const stringLibrary: readonly Overload[] = [
  overload('string.contains(string) bool', ([text, part]) => words(text).includes(words(part)), searchCost),
  overload('string.startsWith(string) bool', ([text, part]) => words(text).startsWith(words(part)), prefixCost),
  overload('string.endsWith(string) bool', ([text, part]) => words(text).endsWith(words(part)), prefixCost),
  overload('string.charAt(int) string', ([text, index]) => charAt(words(text), index), traversalCost),
  overload('string.indexOf(string) int', ([text, part]) => indexOf(words(text), words(part), undefined), searchCost),
  overload('string.indexOf(string, int) int', ([text, part, from]) => indexOf(words(text), words(part), from), searchCost),
  overload('string.lastIndexOf(string) int', ([text, part]) => lastIndexOf(words(text), words(part), undefined), searchCost),
  overload('string.lastIndexOf(string, int) int', ([text, part, from]) => lastIndexOf(words(text), words(part), from), searchCost),
  overload('string.lowerAscii() string', ([text]) => words(text).replace(/[A-Z]+/g, (part) => part.toLowerCase()), traversalCost),
  overload('string.upperAscii() string', ([text]) => words(text).replace(/[a-z]+/g, (part) => part.toUpperCase()), traversalCost),
  overload(
    'string.replace(string, string) string',
    ([text, from, to]) => replaced(words(text), [words(from), words(to)], undefined),
    replaceCost,
  ),
  overload(
    'string.replace(string, string, int) string',
    ([text, from, to, most]) => replaced(words(text), [words(from), words(to)], most),
    replaceCost,
  ),
  overload('string.split(string) list<string>', ([text, separator]) => split(words(text), words(separator), undefined), traversalCost),
  overload(
    'string.split(string, int) list<string>',
    ([text, separator, most]) => split(words(text), words(separator), most),
    traversalCost,
  ),
  overload('string.substring(int) string', ([text, from]) => substring(words(text), from, undefined), traversalCost),
  overload('string.substring(int, int) string', ([text, from, to]) => substring(words(text), from, to), traversalCost),
  overload('string.trim() string', ([text]) => words(text).trim(), traversalCost),
  overload('string.reverse() string', ([text]) => Array.from(words(text)).reverse().join(''), traversalCost),
  overload('string.format(list<dyn>) string', ([text, values]) => formatText(words(text), values as CelValue[]), traversalCost),
  overload('list<string>.join() string', ([list]) => join(list, ''), joinCost),
  overload('list<string>.join(string) string', ([list, separator]) => join(list, words(separator)), joinCost),
  namespaced('strings', 'quote(string) string', ([text]) => JSON.stringify(text), traversalCost),
];
