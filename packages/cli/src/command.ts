/**
 * What a command is: data about its name, arguments and options, and a function that runs it.
 *
 * Parsing, help and shell completion are made from this data, so they cannot disagree.
 */
import type { Output } from './output.ts';

/** One option. Options are `--name VALUE`, or `--name` alone for booleans. */
export interface OptionDefinition {
  readonly type: 'string' | 'boolean';
  /** One letter, used as `-o`. */
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What stands for the value in the help, for example `FILE`. */
  readonly placeholder?: string;
  /** The values that are taken, where they are few. */
  readonly values?: readonly string[];
  /** False: the command itself checks the values, together with others, and says all that is wrong at once. */
  readonly valuesAreChecked?: boolean;
  /** Values that were taken once, or that a like program has, each with ours: they work, and no help names them. */
  readonly formerly?: Readonly<Record<string, string>>;
  readonly default?: string;
  readonly summary: string;
}

/** The values of the options that were given or have a default. */
export interface OptionValues {
  /** The value of a string option. */
  text(name: string): string | undefined;
  /** The value of a string option as a whole number; a usage error when it is none or below `min`. */
  whole(name: string, min?: number): number | undefined;
  /** All values of an option that may be repeated. */
  list(name: string): readonly string[];
  /** Whether a boolean option was given. */
  flag(name: string): boolean;
}

/** What a command gets when it runs. */
export interface Invocation {
  readonly options: OptionValues;
  readonly positionals: readonly string[];
  readonly output: Output;
  /** Aborted by the first interrupt or termination signal. */
  readonly signal: AbortSignal;
}

/** One command, or a group of commands. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Longer text of the help, after the usage line. */
  readonly description?: string;
  /** What the positional arguments are, for example `SRC DST PORT[/PROTO]`. */
  readonly positionals?: string;
  /** How many positional arguments are taken. Default none. */
  readonly positionalCount?: { readonly min: number; readonly max: number };
  readonly options?: Readonly<Record<string, OptionDefinition>>;
  readonly examples?: readonly string[];
  readonly subcommands?: readonly Command[];
  /** Not listed in help or completion: for Weir's own processes. */
  readonly hidden?: boolean;
  /** The whole command, where more than its name and summary needs modules that not every machine can load. */
  load?(): Promise<Command>;
  /** Gives an exit code (`exit-code.ts`), or that of the program that ran in the user's name. */
  run?(invocation: Invocation): Promise<number>;
  /** Instead of `run`, for a command with a grammar of its own: it gets the words after its name, `--help` too. */
  runWords?(words: readonly string[], signal: AbortSignal): Promise<number>;
  /** What may come next after `words`, where `runWords` has the grammar; the last of them is being typed. */
  complete?(words: readonly string[]): Promise<readonly string[]>;
}

/** Options that every command has. */
export const commonOptions: Readonly<Record<string, OptionDefinition>> = {
  output: {
    type: 'string',
    short: 'o',
    placeholder: 'FORMAT',
    values: ['table', 'json'],
    default: 'table',
    summary: 'how results are printed',
  },
  quiet: { type: 'boolean', summary: 'print results only, no progress' },
  'no-color': { type: 'boolean', summary: 'print without colours' },
  help: { type: 'boolean', short: 'h', summary: 'print this help' },
};

/** All options of a command: its own and the common ones. */
export function optionsOf(command: Command): Readonly<Record<string, OptionDefinition>> {
  return { ...commonOptions, ...command.options };
}

/** The command with all that it has. */
export async function wholeCommand(command: Command): Promise<Command> {
  return (await command.load?.()) ?? command;
}
