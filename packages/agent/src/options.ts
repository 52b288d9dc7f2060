/** What an agent is told when it starts, resolved once and complete afterwards. */
import type { ProfileName } from '@weir/calc';
import type { EngineName } from '@weir/policy';

/** The levels of the structured log. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Options of `weir agent run`; absent members take the defaults that are written at each. */
export interface AgentOptions {
  /** Name of this node, as in `spec.nodeName` of its pods. */
  readonly node: string;
  /** Path of a kubeconfig that may read pods, namespaces and NetworkPolicies. */
  readonly kubeconfig: string;
  /** Unix socket of the start gate, mode 0600. Default `/run/weir/agent.sock`. */
  readonly gateSocket?: string;
  /** Directory for what must outlive the process: attachments and accepted policies. Default `/var/lib/weir/agent`. */
  readonly stateDirectory?: string;
  /** Prefixes of the names of the node's ends of pod links. Default `['weir']`. */
  readonly podInterfaces?: readonly string[];
  /** How the engine of the real world behaves where the specification leaves room. Only the default, `kubernetes`, is enforced. */
  readonly profile?: EngineName;
  /** Seconds between two comparisons with the kernel. Default 30. */
  readonly resyncSeconds?: number;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
}

/** All options with their values; the profile is one that is enforced. */
export type ResolvedAgentOptions = Required<Omit<AgentOptions, 'profile'>> & { readonly profile: ProfileName };

/** What is wrong with the options, one sentence each. */
export class AgentOptionsError extends Error {
  override readonly name = 'AgentOptionsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** The longest time between two comparisons: a day, in seconds. */
const longestResyncSeconds = 86_400;

/** Fills in defaults and checks everything at once; throws {@link AgentOptionsError}. */
export function resolveAgentOptions(options: AgentOptions): ResolvedAgentOptions {
  const { profile = 'kubernetes' } = options;
  const resolved = {
    node: options.node,
    kubeconfig: options.kubeconfig,
    gateSocket: options.gateSocket ?? '/run/weir/agent.sock',
    stateDirectory: options.stateDirectory ?? '/var/lib/weir/agent',
    podInterfaces: options.podInterfaces ?? ['weir'],
    resyncSeconds: options.resyncSeconds ?? 30,
    logLevel: options.logLevel ?? 'info',
  };
  const problems = problemsOf(resolved);
  if (profile === 'kubernetes' && problems.length === 0) return Object.freeze({ ...resolved, profile });
  if (profile !== 'kubernetes') {
    problems.push(`--profile: the agent does not enforce the behaviour of '${profile}'; use 'kubernetes'`);
  }
  throw new AgentOptionsError(problems);
}

function problemsOf(options: Omit<ResolvedAgentOptions, 'profile'>): string[] {
  const problems: string[] = [];
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(options.node)) problems.push(`--node: '${options.node}' is no node name`);
  if (options.kubeconfig === '') problems.push('--kubeconfig: give the path of a kubeconfig');
  if (options.gateSocket === '') problems.push('--gate-socket: give the path of a socket');
  if (options.stateDirectory === '') problems.push('--state-directory: give the path of a directory');
  // sun_path of unix(7) has 108 bytes with its end.
  const socketLength = new TextEncoder().encode(options.gateSocket).length;
  if (socketLength > 107) problems.push(`--gate-socket: the path has ${socketLength} bytes, a socket's has 107 at most`);
  if (options.podInterfaces.length === 0) problems.push('--pod-interfaces: give at least one prefix, else unknown pods are not closed');
  for (const prefix of options.podInterfaces) {
    // IFNAMSIZ is 16 with its end, and a prefix of a whole name would not be one.
    if (!/^[^\s/:]{1,14}$/.test(prefix)) problems.push(`--pod-interfaces: '${prefix}' is no prefix of interface names`);
  }
  if (!(options.resyncSeconds >= 1 && options.resyncSeconds <= longestResyncSeconds)) {
    problems.push(`--resync-seconds: give a number from 1 to ${longestResyncSeconds}`);
  }
  return problems;
}
