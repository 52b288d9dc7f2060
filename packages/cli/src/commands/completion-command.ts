/** `weir completion bash|zsh|fish`: the script for a shell. */
import type { Command } from '../command.ts';
import { completionScript, completions } from '../completion.ts';
import { exitCode, usageError } from '../exit-code.ts';

/** Makes the command; the root is asked for when it runs, because the root holds this command. */
export function completionCommand(root: () => Command): Command {
  return {
    name: 'completion',
    summary: 'Print the completion script of a shell',
    positionals: 'bash|zsh|fish',
    positionalCount: { min: 1, max: 64 },
    examples: ['source <(weir completion bash)', 'weir completion fish | source'],
    run: async ({ positionals, output }) => {
      const [shell = '', ...words] = positionals;
      if (shell === 'words') {
        for (const word of await completions(root(), words)) output.result(word);
        return exitCode.done;
      }
      const script = completionScript(shell);
      if (script === undefined) throw usageError(`there is no completion for '${shell}': it is one of bash, zsh, fish`);
      output.result(script);
      return exitCode.done;
    },
  };
}
