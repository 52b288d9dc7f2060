/** `weir az-login`: the real az against this machine's managed clusters. */
import type { Command } from '../command.ts';
import { exitCode } from '../exit-code.ts';

export const azLoginCommand: Command = {
  name: 'az-login',
  summary: 'Shell lines to eval: az, signed in to the managed clusters of this machine',
  description:
    'Starts the ARM endpoint when it does not run, registers it with az as a cloud and signs in, in a configuration directory of its own: the az that you use otherwise is left alone.',
  options: {},
  examples: ['eval "$(weir az-login)" && az aks list -o table'],
  run: async ({ output }) => {
    const { signInAz } = await import('../actions/az-sign-in.ts');
    const environment = await signInAz();
    const lines = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
    if (output.json) output.resultJson(environment);
    else output.result(lines.join('\n'));
    return exitCode.done;
  },
};
