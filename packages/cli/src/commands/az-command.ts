/** `weir az …`: the surface of az against this machine's managed clusters, without azure-cli. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudAccount } from '@weir/az';
import { explained } from '../cluster-errors.ts';
import type { Command } from '../command.ts';
import { weirCommand } from '../self.ts';

export const azCommand: Command = {
  name: 'az',
  summary: 'The commands of az that managed clusters need, without azure-cli',
  runWords: async (args, signal) => {
    const { runAz } = await import('@weir/az');
    const { stateRoot } = await import('@weir/lab');
    return runAz({
      args,
      environment: process.env,
      streams: process,
      signal,
      machineAccount,
      directory: join(stateRoot(), 'arm', 'weir-az'),
    });
  },
  complete: async (words) => {
    const { azCompletions } = await import('@weir/az');
    return azCompletions(words);
  },
};

/** The endpoint of this machine, started when it does not run, and its one application. */
async function machineAccount(): Promise<CloudAccount> {
  const { ensureArm } = await import('@weir/aks');
  const { base, authorityFile, application, secret, tenant } = await explained(ensureArm(weirCommand));
  return { cloud: 'WeirLab', base, authority: readFileSync(authorityFile, 'utf8'), application, secret, tenant };
}
