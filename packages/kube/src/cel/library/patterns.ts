/** Regular expressions of RE2: no text takes more than linear time. */
import { RE2JS } from 're2js';
import { CelError } from '../cel-error.ts';
import type { CelValue } from '../values/cel-value.ts';
import { type FunctionCost, type Overload, overload, sizeOf } from './function-table.ts';

const patternCost: FunctionCost = ([text, pattern]) =>
  Math.max(1, Math.ceil((1 + sizeOf(text)) * 0.1)) * Math.max(1, Math.ceil(sizeOf(pattern) * 0.25));

/** Compiled patterns: policies and schemas use the same few again and again. */
const compiled = new Map<string, RE2JS>();
const compiledLimit = 256;

function patternOf(text: string): RE2JS {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const made = compile(text);
  if (compiled.size >= compiledLimit) compiled.clear();
  compiled.set(text, made);
  return made;
}

function compile(text: string): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    throw new CelError(error instanceof Error ? error.message : String(error));
  }
}

function findAll(text: string, pattern: string, most: number): string[] {
  const matcher = patternOf(pattern).matcher(text);
  const found: string[] = [];
  while (found.length < most && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}

const words = (value: CelValue | undefined): string => value as string;

/** `matches`, `find` and `findAll`. */
export const patternLibrary: readonly Overload[] = [
  overload('matches(string, string) bool', ([text, pattern]) => patternOf(words(pattern)).matcher(words(text)).find(), patternCost),
  overload('string.matches(string) bool', ([text, pattern]) => patternOf(words(pattern)).matcher(words(text)).find(), patternCost),
  overload('string.find(string) string', ([text, pattern]) => findAll(words(text), words(pattern), 1)[0] ?? '', patternCost),
  overload('string.findAll(string) list<string>', ([text, pattern]) => findAll(words(text), words(pattern), Infinity), patternCost),
  overload(
    'string.findAll(string, int) list<string>',
    ([text, pattern, most]) => findAll(words(text), words(pattern), Number(most) < 0 ? Infinity : Number(most)),
    patternCost,
  ),
];
