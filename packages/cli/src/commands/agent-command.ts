/** `weir agent run|config|cleanup|dump|health`: the node agent. */
import { request } from 'node:http';
import { cleanupAgent } from '@weir/agent';
import type { Command } from '../command.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import { agentConfigCommand, agentRunCommand } from './agent-run-command.ts';
import { gateSocketOf, settingOptions } from './agent-setting-options.ts';

const cleanup: Command = {
  name: 'cleanup',
  summary: 'Take every rule of Weir out of the kernel of this node',
  description: 'Only what Weir made is removed; running it again does nothing. Pods are unprotected afterwards.',
  examples: ['weir agent cleanup', 'ip netns exec weir-weir-node1 weir agent cleanup'],
  run: async ({ output }) => {
    await cleanupAgent();
    if (output.json) output.resultJson({ removed: 'inet weir' });
    else output.progress('the table inet weir is gone');
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
      output.resultJson(await ask(gateSocketOf(options), `/v1/${name}`));
      return exitCode.done;
    },
  };
}

/** Asks the running agent over its socket. */
function ask(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
    });
    call.on('timeout', () => call.destroy(new Error('no answer in 10 s')));
    call.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CommandError(
          exitCode.notFound,
          `no agent answers at ${socketPath} (${error.code ?? error.message}): is it running on this node?`,
        ),
      ),
    );
    call.end();
  });
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
    readCommand('health', 'Print how the running agent is, as JSON'),
  ],
};
