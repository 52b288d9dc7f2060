/**
 * From words to the arguments of one command, as Python's argparse does it: unique abbreviations of long options,
 * `--name=value`, `-nvalue`, and its error texts.
 */
import { usageError } from '../az-error.ts';
import { type Argument, type ArgumentValue, labelOf } from './argument.ts';
import { GivenArguments } from './given-arguments.ts';

/** An option as it was typed, with a value that hangs on it. */
interface TypedOption {
  readonly argument: Argument | undefined;
  readonly typed: string;
  readonly attached?: string;
}

/** What is being read. */
interface Reading {
  readonly command: string;
  readonly values: Map<string, ArgumentValue>;
  readonly typed: string[];
  readonly unrecognized: string[];
}

/** Reads `words`; throws a usage error with argparse's text. `environment` gives configured defaults. */
export function parseArguments(
  known: readonly Argument[],
  words: readonly string[],
  from: { readonly command: string; readonly environment: Readonly<Record<string, string | undefined>> },
): GivenArguments {
  const reading: Reading = { command: from.command, values: new Map(), typed: [], unrecognized: [] };
  let index = 0;
  while (index < words.length) {
    const word = words[index] ?? '';
    if (word === '--') {
      // All that follows would be arguments without an option, and no command has any.
      reading.unrecognized.push(...words.slice(index));
      break;
    }
    const option = optionOf(known, word);
    if (option === undefined || option.argument === undefined) {
      reading.unrecognized.push(word);
      index++;
      continue;
    }
    reading.typed.push(option.typed);
    index += 1 + take(reading, option.argument, option.attached, valuesAfter(known, words, index + 1));
  }
  fillDefaults(known, reading, from.environment);
  const missing = known.filter(({ isRequired, name }) => isRequired && !reading.values.has(name));
  if (missing.length > 0) throw usageError(`the following arguments are required: ${missing.map(labelOf).join(', ')}`);
  if (reading.unrecognized.length > 0) throw usageError(`unrecognized arguments: ${reading.unrecognized.join(' ')}`);
  return new GivenArguments(reading.values, reading.typed);
}

/** Undefined: the word is no option. Throws when an abbreviation could be several. */
function optionOf(known: readonly Argument[], word: string): TypedOption | undefined {
  if (!word.startsWith('-') || word === '-' || /^-\d+$|^-\d*\.\d+$/.test(word)) return undefined;
  const exact = known.find(({ options }) => options.includes(word));
  if (exact !== undefined) return { argument: exact, typed: word };
  const [start, attached] = word.startsWith('--') ? splitOnce(word) : [word];
  const candidates = word.startsWith('--') ? longCandidates(known, start, attached) : shortCandidates(known, word);
  if (candidates.length > 1) {
    throw usageError(`ambiguous option: ${start} could match ${candidates.map(({ typed }) => typed).join(', ')}`);
  }
  if (candidates[0] !== undefined) return candidates[0];
  return word.includes(' ') ? undefined : { argument: undefined, typed: word };
}

function longCandidates(known: readonly Argument[], start: string, attached: string | undefined): readonly TypedOption[] {
  const found = known.flatMap((argument) =>
    argument.options
      .filter((option) => option.startsWith(start))
      .map((typed) => ({ argument, typed, ...(attached === undefined ? {} : { attached }) })),
  );
  return found.filter(({ typed }) => typed === start).length === 1 ? found.filter(({ typed }) => typed === start) : found;
}

function shortCandidates(known: readonly Argument[], word: string): readonly TypedOption[] {
  const [letter, attached] = [word.slice(0, 2), word.slice(2)];
  const argument = known.find(({ options }) => options.includes(letter));
  return argument === undefined ? [] : [{ argument, typed: letter, attached }];
}

function splitOnce(word: string): readonly [string, string?] {
  const at = word.indexOf('=');
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** The words from `start` up to the next option. */
function valuesAfter(known: readonly Argument[], words: readonly string[], start: number): readonly string[] {
  let end = start;
  while (end < words.length && words[end] !== '--' && optionOf(known, words[end] ?? '') === undefined) end++;
  return words.slice(start, end);
}

/** Stores what belongs to an argument; answers how many of the words that follow were its values. */
function take(reading: Reading, argument: Argument, attached: string | undefined, following: readonly string[]): number {
  const { arity, name } = argument;
  if (arity === 'none') {
    if (attached !== undefined) throw invalid(argument, `ignored explicit argument '${attached}'`);
    reading.values.set(name, true);
    return 0;
  }
  if (arity === 'one') {
    const text = attached ?? following[0];
    if (text === undefined) throw invalid(argument, 'expected one argument');
    const value = valueOf(reading.command, argument, text);
    reading.values.set(name, argument.repeats ? [...earlier(reading, name), String(value)] : value);
    return attached === undefined ? 1 : 0;
  }
  const texts = attached === undefined ? following : [attached];
  if (arity === 'some' && texts.length === 0) throw invalid(argument, 'expected at least one argument');
  const values = texts.map((text) => String(valueOf(reading.command, argument, text)));
  reading.values.set(name, argument.repeats ? [...earlierOccurrences(reading, name), values] : values);
  return attached === undefined ? texts.length : 0;
}

function earlier({ values }: Reading, name: string): readonly string[] {
  const value = values.get(name);
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function earlierOccurrences({ values }: Reading, name: string): readonly (readonly string[])[] {
  const value = values.get(name);
  return Array.isArray(value) ? (value as readonly (readonly string[])[]) : [];
}

function valueOf(command: string, argument: Argument, text: string): string | number {
  const { type, choices, options } = argument;
  if (choices !== undefined) {
    const choice = choices.find((each) => each.toLowerCase() === text.toLowerCase());
    if (choice !== undefined) return choice;
    throw usageError(`${command}: '${text}' is not a valid value for '${options[0] ?? ''}'. Allowed values: ${choices.join(', ')}.`);
  }
  if (type === 'text') return text;
  const isGood = type === 'int' ? /^\s*[+-]?\d+\s*$/.test(text) : text.trim() !== '' && Number.isFinite(Number(text));
  if (!isGood) throw invalid(argument, `invalid ${type} value: '${text}'`);
  return Number(text);
}

function fillDefaults(known: readonly Argument[], { values }: Reading, environment: Readonly<Record<string, string | undefined>>): void {
  for (const { name, configuredDefault } of known) {
    if (configuredDefault === undefined || values.has(name)) continue;
    const value = environment[`AZURE_DEFAULTS_${configuredDefault.toUpperCase()}`];
    if (value !== undefined && value !== '') values.set(name, value);
  }
}

function invalid(argument: Argument, problem: string): Error {
  return usageError(`argument ${labelOf(argument)}: ${problem}`, argument.advice === undefined ? [] : [argument.advice]);
}
