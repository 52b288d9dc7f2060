/** `weir agent run|cleanup|dump|health`: the node agent. */
import { request } from 'node:http';
import type { AgentOptions, LogLevel } from '@weir/agent';
import type { Command, Invocation, OptionDefinition, OptionValues } from '../command.ts';
import { CommandError, type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { interrupted } from '../interrupt.ts';

const gateSocketOption: OptionDefinition = {
  type: 'string',
  placeholder: 'PATH',
  default: '/run/weir/agent.sock',
  summary: "unix socket of the agent's start gate",
};

const runCommand: Command = {
  name: 'run',
  summary: 'Enforce the policies of a cluster on this node until stopped',
  description:
    'Runs in the network namespace of the node. Rules stay in force when the agent stops or dies.\n' +
    'It needs the capabilities CAP_NET_ADMIN and read access to pods, namespaces and NetworkPolicies.',
  options: {
    node: { type: 'string', placeholder: 'NAME', summary: 'name of this node, as in spec.nodeName of its pods' },
    kubeconfig: { type: 'string', placeholder: 'FILE', summary: 'kubeconfig of the agent' },
    'gate-socket': gateSocketOption,
    'state-directory': { type: 'string', placeholder: 'DIR', default: '/var/lib/weir/agent', summary: 'what must outlive the process' },
    'pod-interfaces': {
      type: 'string',
      placeholder: 'PREFIX[,PREFIX]',
      default: 'weir',
      summary: "prefixes of the names of the node's ends of pod links",
    },
    profile: {
      type: 'string',
      values: ['kubernetes', 'azure', 'calico', 'cilium'],
      default: 'kubernetes',
      summary: 'behave like this engine',
    },
    'resync-seconds': { type: 'string', placeholder: 'N', default: '30', summary: 'seconds between two comparisons with the kernel' },
    'log-level': { type: 'string', values: ['debug', 'info', 'warn', 'error'], default: 'info', summary: 'how much is logged' },
  },
  examples: ['weir agent run --node node1 --kubeconfig /etc/weir/kubeconfig --pod-interfaces cali,azv'],
  run: runUntilStopped,
};

async function runUntilStopped({ options, signal }: Invocation): Promise<ExitCode> {
  const { AgentOptionsError, resolveAgentOptions, runAgent } = await import('@weir/agent');
  const given = readOptions(options);
  try {
    resolveAgentOptions(given);
  } catch (error) {
    if (error instanceof AgentOptionsError) throw usageError(error.problems.join('; '));
    throw error;
  }
  const agent = await runAgent(given).catch((error: unknown) => {
    throw new CommandError(exitCode.unable, `the agent cannot start: ${error instanceof Error ? error.message : String(error)}`);
  });
  try {
    // A fault that the agent cannot go on from rejects: exit code 70, and whoever supervises starts it again.
    await Promise.race([interrupted(signal), agent.finished]);
  } finally {
    await agent.stop();
  }
  return exitCode.done;
}

function readOptions(options: OptionValues): AgentOptions {
  const node = options.text('node');
  const kubeconfig = options.text('kubeconfig');
  if (node === undefined || kubeconfig === undefined) throw usageError("'weir agent run' needs --node NAME and --kubeconfig FILE");
  return {
    node,
    kubeconfig,
    gateSocket: options.text('gate-socket') ?? '',
    stateDirectory: options.text('state-directory') ?? '',
    podInterfaces: (options.text('pod-interfaces') ?? '').split(','),
    profile: (options.text('profile') ?? 'kubernetes') as NonNullable<AgentOptions['profile']>,
    resyncSeconds: options.whole('resync-seconds', 1) ?? 30,
    logLevel: (options.text('log-level') ?? 'info') as LogLevel,
  };
}

const cleanup: Command = {
  name: 'cleanup',
  summary: 'Take every rule of Weir out of the kernel of this node',
  description: 'Only what Weir made is removed; running it again does nothing. Pods are unprotected afterwards.',
  examples: ['weir agent cleanup', 'ip netns exec weir-weir-node1 weir agent cleanup'],
  run: async ({ output }) => {
    const { cleanupAgent } = await import('@weir/agent');
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
    options: { 'gate-socket': gateSocketOption },
    examples: [`weir agent ${name}`, `weir agent ${name} --gate-socket /run/weir/weir/node1-gate.sock`],
    run: async ({ options, output }) => {
      output.resultJson(await ask(options.text('gate-socket') ?? '', `/v1/${name}`));
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
    runCommand,
    cleanup,
    readCommand('dump', 'Print the state that the running agent enforces, as JSON'),
    readCommand('health', 'Print how the running agent is, as JSON'),
  ],
};
