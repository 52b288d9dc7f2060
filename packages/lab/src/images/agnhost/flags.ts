/** Command-line flags as agnhost's own library (pflag) reads them: `--name=value`, `--name value`, bare booleans. */

/** The flags of a command with their defaults; the type of the default is the type of the flag. */
export type FlagDefaults = Readonly<Record<string, string | number | boolean>>;

/** Values of the flags, and what is left over. */
export interface ParsedFlags<T extends FlagDefaults> {
  readonly values: { readonly [K in keyof T]: T[K] extends boolean ? boolean : T[K] extends number ? number : string };
  readonly positional: readonly string[];
}

/** The command line is wrong; the message is what the program prints after `Error: `. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

/** Reads the arguments; throws a {@link FlagError}. Flags and positional arguments may be mixed; `--` ends the flags. */
export function parseFlags<T extends FlagDefaults>(argv: readonly string[], defaults: T): ParsedFlags<T> {
  const values: Record<string, string | number | boolean> = { ...defaults };
  const positional: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? '';
    if (argument === '--') {
      positional.push(...argv.slice(i + 1));
      break;
    }
    if (!argument.startsWith('--')) {
      if (argument.startsWith('-') && argument !== '-')
        throw new FlagError(`unknown shorthand flag: '${argument[1] ?? ''}' in ${argument}`);
      positional.push(argument);
      continue;
    }
    const [name, inline] = splitFlag(argument);
    const fallback = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    if (fallback === undefined) throw new FlagError(`unknown flag: --${name}`);
    const next = typeof fallback === 'boolean' ? 'true' : argv[i + 1];
    const text = inline ?? next;
    if (text === undefined) throw new FlagError(`flag needs an argument: --${name}`);
    if (inline === undefined && typeof fallback !== 'boolean') i++;
    values[name] = convert(name, text, fallback);
  }
  return { values: values as ParsedFlags<T>['values'], positional };
}

function splitFlag(argument: string): [name: string, inline: string | undefined] {
  const equals = argument.indexOf('=');
  return equals < 0 ? [argument.slice(2), undefined] : [argument.slice(2, equals), argument.slice(equals + 1)];
}

function convert(name: string, text: string, fallback: string | number | boolean): string | number | boolean {
  if (typeof fallback === 'boolean') {
    if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
    if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
    throw new FlagError(`invalid argument "${text}" for "--${name}" flag: strconv.ParseBool: parsing "${text}": invalid syntax`);
  }
  if (typeof fallback === 'string') return text;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new FlagError(`invalid argument "${text}" for "--${name}" flag: strconv.ParseInt: parsing "${text}": invalid syntax`);
}
