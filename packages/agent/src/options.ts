/** What an agent is told when it starts, resolved once and complete afterwards. */
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
  /** Directory for what must outlive the process: the accepted policies. Default `/var/lib/weir/agent`. */
  readonly stateDirectory?: string;
  /** Prefixes of the names of the node's ends of pod links. Default `['weir']`. */
  readonly podInterfaces?: readonly string[];
  /** How the engine of the real world behaves where the specification leaves room. Default `kubernetes`. */
  readonly profile?: EngineName;
  /** Seconds between two comparisons with the kernel. Default 30. */
  readonly resyncSeconds?: number;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
}

/** All options with their values. */
export type ResolvedAgentOptions = Required<AgentOptions>;

/** What is wrong with the options, one sentence each. */
export class AgentOptionsError extends Error {
  override readonly name = 'AgentOptionsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Fills in defaults and checks everything at once; throws {@link AgentOptionsError}. */
export function resolveAgentOptions(options: AgentOptions): ResolvedAgentOptions {
  const resolved: ResolvedAgentOptions = {
    node: options.node,
    kubeconfig: options.kubeconfig,
    gateSocket: options.gateSocket ?? '/run/weir/agent.sock',
    stateDirectory: options.stateDirectory ?? '/var/lib/weir/agent',
    podInterfaces: options.podInterfaces ?? ['weir'],
    profile: options.profile ?? 'kubernetes',
    resyncSeconds: options.resyncSeconds ?? 30,
    logLevel: options.logLevel ?? 'info',
  };
  const problems = problemsOf(resolved);
  if (problems.length > 0) throw new AgentOptionsError(problems);
  return Object.freeze(resolved);
}

function problemsOf(options: ResolvedAgentOptions): string[] {
  const problems: string[] = [];
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(options.node)) problems.push(`--node: '${options.node}' is no node name`);
  if (options.kubeconfig === '') problems.push('--kubeconfig: give the path of a kubeconfig');
  // sun_path of unix(7) has 108 bytes with its end.
  if (options.gateSocket.length > 107)
    problems.push(`--gate-socket: the path has ${options.gateSocket.length} characters, a socket's has 107 at most`);
  for (const prefix of options.podInterfaces) {
    // IFNAMSIZ is 16 with its end, and a prefix of a whole name would not be one.
    if (!/^[^\s/:]{1,14}$/.test(prefix)) problems.push(`--pod-interfaces: '${prefix}' is no prefix of interface names`);
  }
  if (!(options.resyncSeconds >= 1)) problems.push('--resync-seconds: give a number of at least 1');
  return problems;
}
