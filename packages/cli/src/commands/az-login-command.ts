/** `weir az-login`: the real az against this machine's managed clusters. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { RunningArm } from '@weir/aks';
import { explained } from '../cluster-errors.ts';
import type { Command } from '../command.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import { weirCommand } from '../self.ts';

/** The name of the cloud in az's configuration. */
const cloud = 'WeirLab';

export const azLoginCommand: Command = {
  name: 'az-login',
  summary: 'Shell lines to eval: az, signed in to the managed clusters of this machine',
  description:
    'Starts the ARM endpoint when it does not run, registers it with az as a cloud and signs in, in a configuration directory of its own: the az that you use otherwise is left alone.',
  options: {},
  examples: ['eval "$(weir az-login)" && az aks list -o table'],
  run: async ({ output }) => {
    const { ensureArm } = await import('@weir/aks');
    const arm = await explained(ensureArm(weirCommand));
    const environment = environmentOf(arm);
    // What an earlier endpoint left there is about that one.
    rmSync(arm.azDirectory, { recursive: true, force: true });
    const az = (...args: readonly string[]): Promise<void> => runAz(args, environment);
    await az('cloud', 'register', '-n', cloud, '--endpoint-resource-manager', arm.base);
    await az('cloud', 'set', '-n', cloud);
    // The secret goes through a file that only its owner reads: arguments are seen by everybody.
    await az('login', '--service-principal', '-u', arm.application, '-p', `@${arm.secretFile}`, '--tenant', arm.tenant);
    await az('provider', 'register', '-n', 'Microsoft.ContainerService');
    const lines = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
    if (output.json) output.resultJson(environment);
    else output.result(lines.join('\n'));
    return exitCode.done;
  },
};

function environmentOf({ azDirectory, authorityFile }: RunningArm): Readonly<Record<string, string>> {
  return {
    AZURE_CONFIG_DIR: azDirectory,
    REQUESTS_CA_BUNDLE: authorityFile,
    AZURE_CORE_COLLECT_TELEMETRY: 'no',
  };
}

function runAz(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('az', [...args, '-o', 'none'], { env: { ...process.env, ...environment }, timeout: 60_000 }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else if (error.code === 'ENOENT') {
        const message = 'az is not on this machine: install the package azure-cli, or use weir up';
        reject(new CommandError(exitCode.unable, message));
      } else reject(new CommandError(exitCode.unable, `az ${args.slice(0, 2).join(' ')} failed:\n${stderr.trim()}`));
    });
  });
}
