/** Where the agents of a cluster tell of new connections, and whose do not. */
import type { ClusterConfig } from './cluster-config.ts';
import { engineOf } from './cluster-engine.ts';
import { clusterLayout } from './cluster-layout.ts';

/** One node's log: its file, or the reason why it has none. */
export type NodeFlowLog =
  | { readonly node: string; readonly file: string }
  | { readonly node: string; readonly file?: undefined; readonly reason: string };

/** The logs of the nodes, in their order. Files are there once an agent has started, and for root alone. */
export function flowLogsOf(config: ClusterConfig): readonly NodeFlowLog[] {
  const layout = clusterLayout(config.name);
  return config.nodes.map((member) => {
    const node = member.name;
    if (engineOf(config, member) === 'none') return { node, reason: 'it has no policy engine, so nobody sees its connections' };
    if (member.system === 'windows')
      return { node, reason: 'HNS does not tell of connections; those with pods of other nodes are told there' };
    return { node, file: layout.flowLog(node) };
  });
}
