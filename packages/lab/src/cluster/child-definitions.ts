/** Which processes a cluster has, and how each is started. */
import { nodeNetnsName } from '../network/netns-names.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { engineOf } from './cluster-engine.ts';
import type { ClusterLayout } from './cluster-layout.ts';
import type { ChildDefinition } from './supervised-child.ts';

/**
 * Flags of Node: half of the room that V8 gives to new objects. Lists make much that is garbage at once and outside of
 * V8's heap, of which it notices little; it looks twice as often so. With 20 000 pods the peak is some 30 MB lower, for
 * 5 % of a create's processor time (`npm run bench:apiserver`, which measures with the same flag).
 */
const controlPlaneFlags = ['--max-semi-space-size=8'];

/** The file in which an agent tells of new connections begins anew at this size, in MB; its predecessor is kept. */
const flowLogMb = 8;

/** The name of a node's agent among the processes. */
export function agentName(node: string): string {
  return `${node}-agent`;
}

/** The processes of a cluster; the control plane first. */
export function childDefinitions(config: ClusterConfig, layout: ClusterLayout): ChildDefinition[] {
  const define = (name: string, command: readonly string[]): ChildDefinition => ({
    name,
    command,
    log: layout.log(name),
    pids: layout.pids,
  });
  const [node = '', ...weir] = config.command;
  const definitions = [define('control-plane', [node, ...controlPlaneFlags, ...weir, 'lab', 'control-plane', '--cluster', config.name])];
  for (const member of config.nodes) {
    const { name, system } = member;
    const engine = engineOf(config, member);
    const enter = ['nsenter', `--net=/run/netns/${nodeNetnsName(config.name, name)}`, ...config.command];
    definitions.push(define(name, [...enter, 'lab', 'node', '--config', layout.nodeConfig(name)]));
    if (engine === 'none') continue;
    const agentOptions = {
      '--kubeconfig': layout.agentKubeconfig(name),
      '--node': name,
      '--gate-socket': layout.gateSocket(name),
      '--names-socket': layout.namesSocket(name),
      '--state-directory': layout.agentState(name),
      // Its few nodes may say more often than those of a large cluster that they are alive.
      '--status-seconds': '3',
      '--pod-interfaces': 'weir',
      // The lab's nodes announce every pod, and publish its address before its rules are in force.
      '--local-pods': 'announced',
      '--profile': engine,
      ...(system !== 'windows' && config.dataplane !== undefined ? { '--dataplane': config.dataplane } : {}),
      ...(system === 'windows'
        ? windowsOptions(config, layout.hnsSocket(name))
        : { '--flow-log': layout.flowLog(name), '--flow-log-mb': String(flowLogMb) }),
      ...(config.established === undefined ? {} : { '--established': config.established }),
    };
    definitions.push(define(agentName(name), [...enter, 'agent', 'run', ...Object.entries(agentOptions).flat()]));
  }
  return definitions;
}

/** Said in full, so that the cluster's description is what holds and no variable of the environment. */
function windowsOptions({ windowsExpandUnsupported = false }: ClusterConfig, hnsSocket: string): Readonly<Record<string, string>> {
  return { '--dataplane': 'hns', '--hns-socket': hnsSocket, '--windows-expand-unsupported': String(windowsExpandUnsupported) };
}
