/**
 * One argument of a command, as data: parsing, help and completion are made from it. Shapes follow Python's argparse,
 * because az is made with it and its error texts are argparse's.
 */

/** How many words an argument takes: none (a flag), one, any number, or at least one. */
type ArgumentArity = 'none' | 'one' | 'any' | 'some';

/** The value of an argument that was given: `true` for a flag, a number, a text, texts, or those of each time. */
export type ArgumentValue = boolean | string | number | readonly string[] | readonly (readonly string[])[];

/** One argument. */
export interface Argument {
  /** All spellings, in the order in which errors name them. The first long one gives the name. */
  readonly options: readonly string[];
  /** The key of its value: the first long option in camel case. */
  readonly name: string;
  readonly arity: ArgumentArity;
  readonly type: 'text' | 'int' | 'float';
  readonly summary: string;
  readonly isRequired: boolean;
  /** Taken without regard to case, and written as they are here. */
  readonly choices?: readonly string[];
  /** Given again, it adds to what was given before. */
  readonly repeats: boolean;
  /** What is told below every error about it. */
  readonly advice?: string;
  /** What environment variable `AZURE_DEFAULTS_…` stands for it when it is left out. */
  readonly configuredDefault?: 'group' | 'location';
}

/** What of an argument differs from an optional text. */
export interface ArgumentForm {
  readonly arity?: ArgumentArity;
  readonly type?: 'int' | 'float';
  readonly isRequired?: boolean;
  readonly choices?: readonly string[];
  readonly repeats?: boolean;
  readonly advice?: string;
  readonly configuredDefault?: 'group' | 'location';
}

/** An argument; `spellings` are separated by spaces: `--resource-group -g`. */
export function argument(spellings: string, summary: string, form: ArgumentForm = {}): Argument {
  const options = spellings.split(' ');
  const { arity = 'one', type = 'text', isRequired = false, repeats = false, choices, advice, configuredDefault } = form;
  return {
    options,
    name: nameOf(options),
    arity,
    type,
    summary,
    isRequired,
    repeats,
    ...(choices === undefined ? {} : { choices }),
    ...(advice === undefined ? {} : { advice }),
    ...(configuredDefault === undefined ? {} : { configuredDefault }),
  };
}

/** An argument without a value. */
export function flag(spellings: string, summary: string): Argument {
  return argument(spellings, summary, { arity: 'none' });
}

/** An argument as errors name it: `--name/-n`. */
export function labelOf({ options }: Argument): string {
  return options.join('/');
}

function nameOf(options: readonly string[]): string {
  const long = options.find((option) => option.startsWith('--')) ?? options[0] ?? '';
  return long.replace(/^-+/, '').replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
