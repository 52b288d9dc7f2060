/** From the words at the beginning of a command line to the command that they name. */
import { usageError } from '../az-error.ts';
import type { AzCommand, AzGroup } from './az-command.ts';
import { closeMatch } from './close-match.ts';

/** All commands and groups. */
export interface CommandTree {
  readonly commands: readonly AzCommand[];
  readonly groups: readonly AzGroup[];
}

/** What the words name; `rest` are those after them. `command` is undefined for a group. */
export interface NamedCommand {
  readonly words: string;
  readonly command: AzCommand | undefined;
  readonly rest: readonly string[];
}

/** Throws az's text for words that name nothing. */
export function commandNamed(tree: CommandTree, words: readonly string[]): NamedCommand {
  let named = '';
  for (const [index, word] of words.entries()) {
    if (word.startsWith('-')) return { words: named, command: undefined, rest: words.slice(index) };
    const next = nextWords(tree, named);
    if (!next.includes(word)) throw misspelled(word, next, named);
    named = named === '' ? word : `${named} ${word}`;
    const command = tree.commands.find((each) => each.words === named);
    if (command !== undefined) return { words: named, command, rest: words.slice(index + 1) };
  }
  return { words: named, command: undefined, rest: [] };
}

/** The words that may come after others. */
export function nextWords({ commands }: CommandTree, named: string): readonly string[] {
  const start = named === '' ? '' : `${named} `;
  const next = commands.filter(({ words }) => words.startsWith(start)).map(({ words }) => words.slice(start.length).split(' ')[0] ?? '');
  return [...new Set(next)].sort();
}

function misspelled(word: string, next: readonly string[], named: string): Error {
  const near = closeMatch(word, next);
  const advice = near === undefined ? `'az ${named === '' ? '' : `${named} `}-h' lists what weir az has` : `Did you mean '${near}' ?`;
  return usageError(`'${word}' is misspelled or not recognized by the system.`, [advice]);
}
