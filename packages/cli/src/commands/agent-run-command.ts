/** `weir agent run|config`: starting the node agent, and what it would be told. */
import {
  type Agent,
  type AgentSettings,
  confineAgent,
  MemoryLimitError,
  type ResolvedSettings,
  resolveSettings,
  runAgent,
  SettingsError,
  type ShownSetting,
  shownSettings,
} from '@weir/agent';
import type { Command, Invocation, OptionValues } from '../command.ts';
import { CommandError, type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { interrupted } from '../interrupt.ts';
import { type Output, renderTable } from '../output.ts';
import { settingOptions, settingSources } from './agent-setting-options.ts';

const settingsNote =
  'Each setting is also read from the environment (WEIR_AGENT_NODE for --node) and from the file of --config\n' +
  '(YAML or JSON, `node: node1`). A flag goes before the environment, the environment before the file.';

/** `weir agent run`. */
export const agentRunCommand: Command = {
  name: 'run',
  summary: 'Enforce the policies of a cluster on this node until stopped',
  description:
    'Runs in the network namespace of the node. Rules stay in force when the agent stops or dies.\n' +
    'It needs the capability CAP_NET_ADMIN and read access to pods, namespaces and NetworkPolicies;\n' +
    'it keeps a Lease in kube-system and writes Events (design/policy-status.md).\n' +
    settingsNote,
  options: {
    ...settingOptions(),
    'print-config': { type: 'boolean', summary: 'print all settings and where each comes from, and start nothing' },
  },
  examples: [
    'weir agent run --node node1 --kubeconfig /etc/weir/kubeconfig --pod-interfaces cali,azv',
    'weir agent run --config /etc/weir/agent.yaml',
  ],
  run: async (invocation) => {
    const resolved = await resolvedOf(invocation.options);
    if (invocation.options.flag('print-config')) return printSettings(resolved, invocation.output);
    return runUntilStopped(resolved, invocation);
  },
};

/** `weir agent config`. */
export const agentConfigCommand: Command = {
  name: 'config',
  summary: 'Print all settings of the agent and where each comes from',
  description: `Takes what 'weir agent run' takes, checks it, and starts nothing.\n${settingsNote}`,
  options: settingOptions(),
  examples: ['weir agent config --config /etc/weir/agent.yaml', 'WEIR_AGENT_NODE=node1 weir agent config --kubeconfig ./k -o json'],
  run: async ({ options, output }) => printSettings(await resolvedOf(options), output),
};

async function runUntilStopped({ settings }: ResolvedSettings, { signal }: Invocation): Promise<ExitCode> {
  const agent = await start(settings).catch((error: unknown) => {
    throw new CommandError(exitCode.unable, `the agent cannot start: ${error instanceof Error ? error.message : String(error)}`);
  });
  try {
    // A fault that the agent cannot go on from rejects: exit code 70, and whoever supervises starts it again.
    await Promise.race([interrupted(signal), agent.finished]);
  } catch (error) {
    throw error instanceof MemoryLimitError ? new CommandError(exitCode.unable, `the agent ends because ${error.message}`) : error;
  } finally {
    await agent.stop();
  }
  return exitCode.done;
}

async function start(settings: AgentSettings): Promise<Agent> {
  await confineAgent(settings);
  return runAgent(settings);
}

async function resolvedOf(options: OptionValues): Promise<ResolvedSettings> {
  try {
    return await resolveSettings(settingSources(options));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const [first = '', ...others] = error.problems;
    throw usageError(
      others.length === 0 ? first : `the settings have ${error.problems.length} problems:\n  ${error.problems.join('\n  ')}`,
    );
  }
}

function printSettings(resolved: ResolvedSettings, output: Output): ExitCode {
  const shown = shownSettings(resolved);
  if (output.json) {
    const members = shown.map(({ key, value, from, place }) => [key, { value: value ?? null, from, place }] as const);
    output.resultJson({ settings: Object.fromEntries(members) });
  } else output.result(renderTable(['SETTING', 'VALUE', 'FROM'], shown.map(rowOf)));
  return exitCode.done;
}

function rowOf({ key, text, from, place }: ShownSetting): string[] {
  return [key, text === '' ? '-' : text, place ?? from];
}
