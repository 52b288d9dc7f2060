/** Shell completion, made from the command definitions. */
import { type Command, optionsOf, wholeCommand } from './command.ts';

/** The words that may come next after `words`; the last of `words` is the one being typed. */
export async function completions(root: Command, words: readonly string[]): Promise<readonly string[]> {
  let command = root;
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  for (const [index, word] of before.entries()) {
    const next = command.subcommands?.find((candidate) => candidate.name === word);
    if (next !== undefined) command = await wholeCommand(next);
    if (command.complete !== undefined) return command.complete(words.slice(index + 1));
  }
  const option = optionsOf(command)[(before.at(-1) ?? '').replace(/^--/, '')];
  if (option?.values !== undefined && before.at(-1)?.startsWith('--') === true) return matching(option.values, typed);
  if (typed.startsWith('-'))
    return matching(
      Object.keys(optionsOf(command)).map((name) => `--${name}`),
      typed,
    );
  const names = (command.subcommands ?? []).filter((candidate) => !candidate.hidden).map((candidate) => candidate.name);
  return matching(names, typed);
}

function matching(words: readonly string[], start: string): string[] {
  return words.filter((word) => word.startsWith(start));
}

/** The script that a shell evaluates; it asks `weir completion words` for each completion. */
export function completionScript(shell: string): string | undefined {
  switch (shell) {
    case 'bash':
      return `_weir() { mapfile -t COMPREPLY < <(weir completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}"); }\ncomplete -o default -F _weir weir\n`;
    case 'zsh':
      return `#compdef weir\n_weir() { local -a words; words=(\${(f)"$(weir completion words -- "\${(@)words[2,CURRENT]}")"}); compadd -- $words; }\ncompdef _weir weir\n`;
    case 'fish':
      return "complete -c weir -f -a '(weir completion words -- (commandline -opc)[2..-1] (commandline -ct))'\n";
    default:
      return undefined;
  }
}
