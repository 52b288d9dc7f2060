/** version: of this program and of Calico in the cluster. */
import { type CalicoctlCommand, connectionOptions } from './calicoctl-command.ts';

export const versionCommand: CalicoctlCommand = {
  name: 'version',
  summary: 'Show the versions of client and cluster',
  usage: '',
  options: connectionOptions,
  run: async (context) => {
    const { streams, version } = context;
    const line = (title: string, value: unknown): void => void streams.stdout.write(`${`${title}:`.padEnd(18)} ${String(value)}\n`);
    line('Client Version', `weir ${version}`);
    const { calicoVersion, clusterType } = (await context.store()).information;
    line('Cluster Version', calicoVersion ?? 'unknown');
    line('Cluster Type', clusterType ?? 'unknown');
  },
};
