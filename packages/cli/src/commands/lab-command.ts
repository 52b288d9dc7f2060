/** `weir lab`: external hosts, and the lab's own processes. */
import { readFileSync } from 'node:fs';
import type { NodeOptions } from '@weir/lab';
import { explained } from '../cluster-errors.ts';
import { clusterOption } from '../cluster-option.ts';
import type { Command } from '../command.ts';
import { exitCode, usageError } from '../exit-code.ts';
import { interrupted } from '../interrupt.ts';
import { pathWithTools, weirCommand } from '../self.ts';
import { labHostCommand } from './lab-host-command.ts';

const supervise: Command = {
  name: 'supervise',
  summary: 'Run the processes of a cluster',
  hidden: true,
  options: { cluster: clusterOption },
  run: async ({ options, signal }) => {
    const { runSupervisor } = await import('@weir/lab');
    await explained(runSupervisor({ cluster: options.text('cluster') ?? '', signal }));
    return exitCode.done;
  },
};

const controlPlane: Command = {
  name: 'control-plane',
  summary: 'Run the control plane of a cluster',
  hidden: true,
  options: { cluster: clusterOption },
  run: async ({ options, signal }) => {
    const { runControlPlane } = await import('@weir/lab');
    await explained(runControlPlane({ cluster: options.text('cluster') ?? '', signal }));
    return exitCode.done;
  },
};

const node: Command = {
  name: 'node',
  summary: 'Run a node of a cluster',
  hidden: true,
  options: { config: { type: 'string', placeholder: 'FILE', summary: 'what the node is told' } },
  run: async ({ options, signal }) => {
    const file = options.text('config');
    if (file === undefined) throw usageError("'weir lab node' needs --config FILE");
    const { runNode } = await import('@weir/lab');
    // Some images have kubectl and helm.
    process.env['PATH'] = pathWithTools();
    const told = (): NodeOptions => JSON.parse(readFileSync(file, 'utf8')) as NodeOptions;
    const running = await runNode(told());
    process.on('SIGHUP', () => running.update(told()));
    try {
      await Promise.race([interrupted(signal), running.finished]);
    } finally {
      await running.stop();
    }
    return exitCode.done;
  },
};

const arm: Command = {
  name: 'arm',
  summary: 'Run the ARM endpoint of this machine',
  hidden: true,
  options: {},
  run: async ({ signal, output }) => {
    const { runArm } = await import('@weir/aks');
    await explained(runArm({ command: weirCommand, signal, log: (text) => output.progress(`${new Date().toISOString()} ${text}`) }));
    return exitCode.done;
  },
};

/** The group. */
export const labCommand: Command = {
  name: 'lab',
  summary: 'The virtual network of the lab',
  subcommands: [labHostCommand, supervise, controlPlane, node, arm],
};
