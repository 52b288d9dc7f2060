/** What may come next on a command line of az. */
import { globalArguments } from './az-command.ts';
import { type CommandTree, nextWords } from './command-tree.ts';

/** The words that may stand where the last of `words` is being typed. */
export function completionsOf(tree: CommandTree, words: readonly string[]): readonly string[] {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const end = before.findIndex((word) => word.startsWith('-'));
  const named = (end < 0 ? before : before.slice(0, end)).join(' ');
  const command = tree.commands.find((each) => each.words === named);
  if (command === undefined) return nextWords(tree, named).filter((word) => word.startsWith(typed));
  const known = [...command.arguments, ...globalArguments];
  const asked = known.find(({ options, arity }) => arity !== 'none' && options.includes(before.at(-1) ?? ''));
  if (asked !== undefined) return (asked.choices ?? []).filter((choice) => choice.startsWith(typed));
  return known.flatMap(({ options }) => options.filter((option) => option.startsWith('--') && option.startsWith(typed)));
}
