/** `weir agent run|config|cleanup|dump|explain|health`: the node agent. */
import { cleanupAgent } from '@weir/agent';
import type { Command } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { agentExplainCommand } from './agent-explain-command.ts';
import { agentConfigCommand, agentRunCommand } from './agent-run-command.ts';
import { gateSocketOf, settingOptions } from './agent-setting-options.ts';
import { askAgent } from './ask-agent.ts';

const cleanup: Command = {
  name: 'cleanup',
  summary: 'Take every rule of Weir out of the kernel of this node',
  description: 'Only what Weir made is removed; running it again does nothing. Pods are unprotected afterwards.',
  options: settingOptions(['hnsSocket']),
  examples: ['weir agent cleanup', 'ip netns exec weir-weir-node1 weir agent cleanup'],
  run: async ({ options, output }) => {
    const hnsSocket = options.text('hns-socket');
    await cleanupAgent(hnsSocket);
    const removed = hnsSocket === undefined && process.platform !== 'win32' ? 'inet weir' : 'HNS';
    if (output.json) output.resultJson({ removed });
    else output.progress(removed === 'HNS' ? 'the sets and ACLs of Weir are gone from HNS' : 'the table inet weir is gone');
    return exitCode.done;
  },
};

function readCommand(name: 'dump' | 'health', summary: string): Command {
  return {
    name,
    summary,
    options: settingOptions(['gateSocket']),
    examples: [`weir agent ${name}`, `weir agent ${name} --gate-socket /run/weir/weir/node1-gate.sock`],
    run: async ({ options, output }) => {
      output.resultJson(await askAgent(gateSocketOf(options), `/v1/${name}`));
      return exitCode.done;
    },
  };
}

/** The group. */
export const agentCommand: Command = {
  name: 'agent',
  summary: 'The node agent',
  subcommands: [
    agentRunCommand,
    agentConfigCommand,
    cleanup,
    readCommand('dump', 'Print the state that the running agent enforces, as JSON'),
    agentExplainCommand,
    readCommand('health', 'Print how the running agent is, as JSON'),
  ],
};
