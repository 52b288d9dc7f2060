/** The whole command line, as a tree of data. */
import type { Command } from './command.ts';
import { azCommand } from './commands/az-command.ts';
import { azLoginCommand } from './commands/az-login-command.ts';
import { calicoctlCommand } from './commands/calicoctl-command.ts';
import { downCommand, envCommand, statusCommand, upCommand } from './commands/cluster-commands.ts';
import { completionCommand } from './commands/completion-command.ts';
import { convertCommand } from './commands/convert-command.ts';
import { demoCommand } from './commands/demo-command.ts';
import { diffCommand } from './commands/diff-command.ts';
import { engineCommand } from './commands/engine-command.ts';
import { flowsCommand } from './commands/flows-command.ts';
import { labCommand } from './commands/lab-command.ts';
import { lintCommand } from './commands/lint-command.ts';
import { matrixCommand } from './commands/matrix-command.ts';
import { migrateCommand } from './commands/migrate-command.ts';
import { policyCommand } from './commands/policy-command.ts';
import { shellCommand } from './commands/shell-command.ts';
import { snapshotCommand } from './commands/snapshot-command.ts';
import { stagedCommand } from './commands/staged-command.ts';
import { suggestCommand } from './commands/suggest-command.ts';
import { testCommand } from './commands/test-command.ts';
import { versionCommand } from './commands/version-command.ts';
import { whyCommand } from './commands/why-command.ts';

/** `weir`. */
export const rootCommand: Command = {
  name: 'weir',
  summary: 'Network policies for Kubernetes: a lab, an engine, answers',
  examples: ['weir demo', 'weir up --nodes 3', 'weir why demo/client demo/server 80'],
  subcommands: [
    upCommand,
    downCommand,
    statusCommand,
    envCommand,
    shellCommand(() => rootCommand),
    demoCommand,
    whyCommand,
    matrixCommand,
    lintCommand,
    testCommand,
    diffCommand,
    convertCommand,
    migrateCommand,
    stagedCommand,
    flowsCommand,
    suggestCommand,
    policyCommand,
    snapshotCommand,
    engineCommand,
    {
      name: 'agent',
      summary: 'The node agent',
      // Its options are the table of its settings, which comes with all that enforces on Linux.
      load: async () => (await import('./commands/agent-command.ts')).agentCommand,
    },
    azLoginCommand,
    azCommand,
    calicoctlCommand,
    labCommand,
    completionCommand(() => rootCommand),
    versionCommand,
  ],
};
