/** `weir agent run|config|cleanup|dump|explain|health`: the node agent. */
import { cleanupAgent, cleanupAzureNpm } from '@weir/agent';
import type { Command } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { agentExplainCommand } from './agent-explain-command.ts';
import { agentConfigCommand, agentRunCommand } from './agent-run-command.ts';
import { gateSocketOf, settingOptions } from './agent-setting-options.ts';
import { askAgent } from './ask-agent.ts';

const cleanup: Command = {
  name: 'cleanup',
  summary: 'Take every rule of Weir, or of Azure NPM, out of the kernel of this node',
  description:
    'Only what Weir made is removed, or with --azure-npm only what Azure NPM left behind, in both flavours of iptables. Running it again does nothing. Pods are unprotected afterwards.',
  options: {
    ...settingOptions(['hnsSocket']),
    'azure-npm': { type: 'boolean', summary: 'remove chains AZURE-NPM… and sets azure-npm-…, instead of what Weir made' },
  },
  examples: ['weir agent cleanup', 'weir agent cleanup --azure-npm', 'ip netns exec weir-weir-node1 weir agent cleanup'],
  run: async ({ options, output }) => {
    if (options.flag('azure-npm')) {
      const leftovers = await cleanupAzureNpm();
      if (output.json) output.resultJson({ removed: leftovers });
      else output.progress(leftovers.length === 0 ? 'nothing of Azure NPM is there' : `removed:\n${leftovers.join('\n')}`);
      return exitCode.done;
    }
    const hnsSocket = options.text('hns-socket');
    await cleanupAgent(hnsSocket);
    const removed = hnsSocket === undefined && process.platform !== 'win32' ? 'inet weir' : 'HNS';
    if (output.json) output.resultJson({ removed });
    else
      output.progress(
        removed === 'HNS'
          ? 'the sets and ACLs of Weir are gone from HNS'
          : 'the table inet weir, chains WEIR-… and sets weir4-…, weir6-… are gone',
      );
    return exitCode.done;
  },
};

const health: Command = {
  name: 'health',
  summary: 'Print how the running agent is, as JSON',
  options: settingOptions(['gateSocket']),
  examples: ['weir agent health', 'weir agent health --gate-socket /run/weir/weir/node1-gate.sock'],
  run: async ({ options, output }) => {
    output.resultJson(await askAgent(gateSocketOf(options), '/v1/health'));
    return exitCode.done;
  },
};

const dump: Command = {
  name: 'dump',
  summary: 'Print the state that the running agent enforces, as JSON',
  description:
    'With --pairs the same as a picture: which pairs of addresses it lets through (where only some ports or protocols, which ones) and which it does not. Pairs have an end on this node. Pods of which the data plane refuses rules are listed apart: of them other rules are in force than they should have.',
  options: {
    ...settingOptions(['gateSocket']),
    pairs: { type: 'boolean', summary: 'the allowed and the denied pairs of addresses that the rules stand for' },
  },
  examples: ['weir agent dump', 'weir agent dump --pairs --gate-socket /run/weir/weir/node1-gate.sock'],
  run: async ({ options, output }) => {
    output.resultJson(await askAgent(gateSocketOf(options), options.flag('pairs') ? '/v1/pairs' : '/v1/dump'));
    return exitCode.done;
  },
};

/** The group. */
export const agentCommand: Command = {
  name: 'agent',
  summary: 'The node agent',
  subcommands: [agentRunCommand, agentConfigCommand, cleanup, dump, agentExplainCommand, health],
};
