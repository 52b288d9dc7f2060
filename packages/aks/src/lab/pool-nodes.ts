/** The nodes that a pool is: names, labels and versions as AKS gives them (reference §3.9). */
import { createHash } from 'node:crypto';
import type { NamedNode, NodeIdentity } from '@weir/lab';
import type { AgentPool } from '../clusters/agent-pool.ts';
import type { ManagedCluster } from '../clusters/managed-cluster.ts';
import { windowsKernelVersion, windowsSystem } from '../clusters/windows-systems.ts';

/** All nodes of all pools. */
export function nodesOf(cluster: ManagedCluster): readonly NamedNode[] {
  return cluster.pools.flatMap((pool) => nodesOfPool(cluster, pool));
}

/** The nodes of one pool. */
export function nodesOfPool(cluster: ManagedCluster, pool: AgentPool): readonly NamedNode[] {
  // The machines of a stopped pool are let go; it keeps its size for the day on which it is started.
  return numbered(cluster, pool, { from: 0, count: pool.powerState === 'Stopped' ? 0 : pool.count });
}

/** Nodes that a pool has besides while its own are replaced: those that would come next. */
export function surgeNodesOf(cluster: ManagedCluster, pool: AgentPool, count: number): readonly NamedNode[] {
  return numbered(cluster, pool, { from: pool.count, count });
}

function numbered(
  cluster: ManagedCluster,
  pool: AgentPool,
  { from, count }: { readonly from: number; readonly count: number },
): readonly NamedNode[] {
  return Array.from({ length: count }, (_, index) => ({
    name: nodeName(cluster, pool, from + index),
    revision: revisionOf(cluster, pool),
    system: pool.osType === 'Windows' ? 'windows' : 'linux',
    identity: {
      kubeletVersion: `v${pool.currentOrchestratorVersion}`,
      maxPods: pool.maxPods,
      labels: labelsOf(cluster, pool),
      taints: pool.nodeTaints.flatMap(readTaint),
      ...windowsOf(pool),
    },
  }));
}

/** What a Windows node says of its system, by the image that it was made from. */
function windowsOf({ osSKU, nodeImageVersion }: AgentPool): Pick<NodeIdentity, 'windows'> {
  const system = windowsSystem(osSKU);
  if (system === undefined) return {};
  const kernelVersion = windowsKernelVersion(nodeImageVersion);
  return { windows: { osImage: system.osImage, kernelVersion } };
}

/** What a node is made from: when this changes, it is replaced. */
function revisionOf({ network }: ManagedCluster, pool: AgentPool): string {
  const { networkPlugin, networkPluginMode = 'no mode', networkPolicy } = network;
  return [networkPlugin, networkPluginMode, networkPolicy, pool.nodeImageVersion, pool.currentOrchestratorVersion].join(' ');
}

function nodeName({ resourceUid }: ManagedCluster, { name, osType }: AgentPool, index: number): string {
  const place = index.toString(36).padStart(6, '0');
  return osType === 'Windows' ? `aks${name}${place}` : `aks-${name}-${digitsOf(`${resourceUid} ${name}`)}-vmss${place}`;
}

/** Eight digits that stay with a pool. */
function digitsOf(text: string): string {
  const number = createHash('sha256').update(text).digest().readUInt32BE(0);
  return String(10_000_000 + (number % 90_000_000));
}

function labelsOf(cluster: ManagedCluster, pool: AgentPool): Readonly<Record<string, string>> {
  return {
    agentpool: pool.name,
    'kubernetes.azure.com/agentpool': pool.name,
    'kubernetes.azure.com/cluster': cluster.nodeResourceGroup,
    'kubernetes.azure.com/mode': pool.mode.toLowerCase(),
    'kubernetes.azure.com/node-image-version': pool.nodeImageVersion,
    'kubernetes.azure.com/os-sku': pool.osSKU,
    'kubernetes.azure.com/role': 'agent',
    'node.kubernetes.io/instance-type': pool.vmSize,
    'topology.kubernetes.io/region': cluster.location,
    ...pool.nodeLabels,
  };
}

/** `key=value:Effect`; the pool's rules have let only such ones through. */
function readTaint(text: string): readonly { readonly key: string; readonly value: string; readonly effect: string }[] {
  const match = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(text);
  if (match === null) return [];
  const [, key = '', value = '', effect = ''] = match;
  return [{ key, value, effect }];
}
