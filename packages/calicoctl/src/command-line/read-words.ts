/** The grammar of calicoctl's commands: long and short options, values behind a space or `=`, the rest in order. */
import { CalicoctlError } from '../calicoctl-error.ts';

/** One option; without a placeholder it has no value. */
export interface WordOption {
  readonly name: string;
  readonly short?: string;
  readonly placeholder?: string;
  readonly summary: string;
}

/** What stands on a command line. */
export interface ReadWords {
  readonly positionals: readonly string[];
  text(name: string): string | undefined;
  flag(name: string): boolean;
}

/** Reads the words behind a command; throws a CalicoctlError that quotes them when they are not its grammar. */
export function readWords(words: readonly string[], command: string, options: readonly WordOption[]): ReadWords {
  const positionals: string[] = [];
  const values = new Map<string, string>();
  const refuse = (): never => {
    throw new CalicoctlError(
      `invalid option: 'calicoctl ${[command, ...words].join(' ')}'. Use flag '--help' to read about a specific subcommand.`,
    );
  };
  const waiting = [...words];
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    if (!word.startsWith('-') || word === '-') {
      positionals.push(word);
      continue;
    }
    const { name, value } = splitOption(word);
    const option = options.find((each) => (word.startsWith('--') ? each.name === name : each.short === name));
    if (option === undefined) return refuse();
    if (option.placeholder === undefined) {
      if (value !== undefined) return refuse();
      values.set(option.name, '');
    } else values.set(option.name, value ?? waiting.shift() ?? refuse());
  }
  return { positionals, text: (name) => values.get(name), flag: (name) => values.has(name) };
}

/** `--name=value`, `--name`, `-nvalue`, `-n=value` or `-n`. */
function splitOption(word: string): { readonly name: string; readonly value: string | undefined } {
  if (word.startsWith('--')) {
    const at = word.indexOf('=');
    return at < 0 ? { name: word.slice(2), value: undefined } : { name: word.slice(2, at), value: word.slice(at + 1) };
  }
  const rest = word.slice(2);
  return { name: word.slice(1, 2), value: rest === '' ? undefined : rest.replace(/^=/, '') };
}
