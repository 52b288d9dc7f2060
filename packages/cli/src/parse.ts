/** Finds the command that the arguments name, and reads its options. */
import { parseArgs } from 'node:util';
import { type Command, type OptionDefinition, type OptionValues, optionsOf, wholeCommand } from './command.ts';
import { CommandError, exitCode, usageError } from './exit-code.ts';

/** A command with its words, for example `['lab', 'host', 'add']`. */
export interface FoundCommand {
  readonly command: Command;
  readonly path: readonly string[];
  readonly rest: readonly string[];
}

/** Walks from the root along the words; the first word that names no subcommand ends the walk. */
export async function findCommand(root: Command, args: readonly string[]): Promise<FoundCommand> {
  let command = root;
  const path: string[] = [];
  let rest = args;
  while (command.subcommands !== undefined && rest.length > 0 && !(rest[0] ?? '').startsWith('-')) {
    const word = rest[0] ?? '';
    const next = command.subcommands.find((candidate) => candidate.name === word);
    if (next === undefined) throw usageError(unknownCommand(command, path, word));
    command = await wholeCommand(next);
    path.push(word);
    rest = rest.slice(1);
  }
  return { command, path, rest };
}

function unknownCommand(group: Command, path: readonly string[], word: string): string {
  const names = (group.subcommands ?? []).filter((command) => !command.hidden).map((command) => command.name);
  const near = names.filter((name) => distance(name, word) <= 2);
  const hint = near.length > 0 ? `did you mean ${near.map((name) => `'${name}'`).join(' or ')}?` : `it is one of ${names.join(', ')}`;
  return `'${['weir', ...path, word].join(' ')}' is no command: ${hint}`;
}

/** Reads options and positionals of one command; throws a usage error with what is wrong. */
export function parseOptions(command: Command, args: readonly string[]): { options: OptionValues; positionals: readonly string[] } {
  const definitions = optionsOf(command);
  const parsed = parseStrictly(definitions, args);
  const values = parsed.values as Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  for (const [name, definition] of Object.entries(definitions)) checkValue(name, definition, values[name]);
  return { options: optionValues(definitions, values), positionals: parsed.positionals };
}

/** Checks the number of positional arguments. */
export function checkPositionals(command: Command, path: readonly string[], positionals: readonly string[]): void {
  const { min, max } = command.positionalCount ?? { min: 0, max: 0 };
  if (positionals.length >= min && positionals.length <= max) return;
  const wanted = command.positionals ?? 'no arguments';
  throw usageError(`'weir ${path.join(' ')}' takes ${wanted}, and was given ${positionals.length === 0 ? 'none' : positionals.join(' ')}`);
}

function parseStrictly(
  definitions: Readonly<Record<string, OptionDefinition>>,
  args: readonly string[],
): { values: object; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(definitions).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), multiple: multiple ?? false },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
    throw new CommandError(exitCode.usage, unknown === undefined ? message : unknownOption(Object.keys(definitions), unknown));
  }
}

/** Names of other programs often begin or end with ours (`--from-pod`). */
function unknownOption(names: readonly string[], given: string): string {
  const word = given.replace(/^-+/, '');
  const isNear = (name: string): boolean =>
    word.length > 2 && (distance(name, word) <= 2 || word.startsWith(`${name}-`) || (name !== 'name' && word.endsWith(`-${name}`)));
  const near = names.filter(isNear).map((name) => `--${name}`);
  return `there is no option ${given}: ${near.length > 0 ? `did you mean ${near.join(' or ')}?` : '--help lists those that there are'}`;
}

function checkValue(name: string, definition: OptionDefinition, value: unknown): void {
  if (definition.values === undefined || definition.valuesAreChecked === false || value === undefined) return;
  for (const item of Array.isArray(value) ? value : [value]) {
    if (!definition.values.includes(String(item)) && !Object.hasOwn(definition.formerly ?? {}, String(item)))
      throw usageError(`--${name} is one of ${definition.values.join(', ')}, not '${String(item)}'`);
  }
}

function optionValues(
  definitions: Readonly<Record<string, OptionDefinition>>,
  values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>,
): OptionValues {
  const text = (name: string): string | undefined => {
    const definition = definitions[name];
    const value = values[name] ?? definition?.default;
    if (typeof value !== 'string') return undefined;
    const { formerly = {} } = definition ?? {};
    return Object.hasOwn(formerly, value) ? formerly[value] : value;
  };
  return {
    text,
    whole: (name, min = 0) => {
      const value = text(name);
      if (value === undefined) return undefined;
      if (!/^\d{1,9}$/.test(value) || Number(value) < min)
        throw usageError(`--${name} is a whole number of at least ${min}, not '${value}'`);
      return Number(value);
    },
    list: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    flag: (name) => values[name] === true,
  };
}

/** Levenshtein distance, for "did you mean". */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
