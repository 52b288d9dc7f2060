/** What a cluster is: written once by `up`, read by all of its processes. */
import { readdir, readFile } from 'node:fs/promises';
import { type AuditPolicy, deepEqual } from '@weir/kube';
import { type FakeCounts, noFakes } from '../fakes/fake-counts.ts';
import { type NetworkShape, usualNetwork } from '../network/network-shape.ts';
import { writePrivateFile } from '../pki/private-file.ts';
import type { ClusterChange } from './change/cluster-change.ts';
import type { ClusterEngine, LinuxDataplane } from './cluster-engine.ts';
import { clusterLayout, clustersDirectory } from './cluster-layout.ts';
import { type ClusterNode, type NamedNode, type NodeSystem, planNode } from './cluster-node.ts';
import { loadBalancerPoolOf } from './load-balancer-pool.ts';

/** The content of `cluster.json`. */
export interface ClusterConfig {
  readonly name: string;
  readonly engine: ClusterEngine;
  /** What enforces the policies of Linux nodes; absent: what the engine has. */
  readonly dataplane?: LinuxDataplane | undefined;
  /** What becomes of connections that a new state denies; absent: what the engine does by itself. */
  readonly established?: 'keep' | 'cut' | undefined;
  /** Whether Windows nodes enforce negative selectors and `except` by other means, instead of refusing them; absent: no. */
  readonly windowsExpandUnsupported?: boolean | undefined;
  readonly standIn: boolean;
  readonly dualStack: boolean;
  readonly nodes: readonly ClusterNode[];
  /** Objects without anything behind them, which the store began with. */
  readonly fakes: FakeCounts;
  readonly network: NetworkShape;
  /** Blocks of which load balancers get their addresses, IPv4 first; absent: the usual ones. */
  readonly loadBalancerPool?: readonly string[] | undefined;
  /** What the audit log holds; absent: what is usual. */
  readonly auditPolicy?: AuditPolicy | undefined;
  /** The issuer of service-account tokens; absent: the API server's name inside the cluster. */
  readonly tokenIssuer?: string | undefined;
  /** Port of the API server on 127.0.0.1, kept over restarts because kubeconfigs name it. */
  readonly apiPort: number;
  /** How to start weir itself: Node and its first arguments. */
  readonly command: readonly string[];
  /** A change of nodes or engine that is under way, or was cut off; absent: none. */
  readonly change?: ClusterChange | undefined;
}

/** What `up` can be asked for. */
export interface ClusterShape {
  readonly name: string;
  /** How many Linux nodes, 1 to {@link nodesMax}. */
  readonly nodes: number;
  /** How many Windows nodes besides, together no more than {@link nodesMax}; default 0. */
  readonly windowsNodes?: number | undefined;
  /** The nodes by name, as many of each system as are asked for; absent: `node1`, `node2`, …, `win1`, …. */
  readonly namedNodes?: readonly NamedNode[] | undefined;
  readonly engine: ClusterEngine;
  /** What enforces the policies of Linux nodes; absent: what the engine has. */
  readonly dataplane?: LinuxDataplane | undefined;
  /** What becomes of connections that a new state denies; absent: what the engine does by itself. */
  readonly established?: 'keep' | 'cut' | undefined;
  /** Whether Windows nodes enforce negative selectors and `except` by other means, instead of refusing them; absent: no. */
  readonly windowsExpandUnsupported?: boolean | undefined;
  readonly standIn: boolean;
  readonly dualStack: boolean;
  /** What gives pods their addresses, and all blocks, of as many families as {@link dualStack} says; absent: the usual ones. */
  readonly network?: NetworkShape | undefined;
  /** Blocks of which load balancers get their addresses; absent: the usual ones. */
  readonly loadBalancerPool?: readonly string[] | undefined;
  /** What the audit log holds; absent: what is usual. */
  readonly auditPolicy?: AuditPolicy | undefined;
  /** The issuer of service-account tokens; absent: the API server's name inside the cluster. */
  readonly tokenIssuer?: string | undefined;
  /** Objects without anything behind them, to fill the cluster. */
  readonly fakes: FakeCounts;
}

/** The network that a cluster of the shape has. */
export function networkOf({ network, dualStack }: Pick<ClusterShape, 'network' | 'dualStack'>): NetworkShape {
  return network ?? usualNetwork(dualStack);
}

/** The complete description of a new cluster; its network has room for its nodes. */
export function planCluster(shape: ClusterShape, apiPort: number, command: readonly string[]): ClusterConfig {
  const network = networkOf(shape);
  const planned = (shape.namedNodes ?? numberedNodes(shape)).map((node, index) => planNode(network, node, index));
  return {
    name: shape.name,
    engine: shape.engine,
    ...(shape.dataplane === undefined ? {} : { dataplane: shape.dataplane }),
    ...(shape.established === undefined ? {} : { established: shape.established }),
    ...(shape.windowsExpandUnsupported === true ? { windowsExpandUnsupported: true } : {}),
    standIn: shape.standIn,
    dualStack: shape.dualStack,
    nodes: planned.filter((node) => node !== undefined),
    fakes: shape.fakes,
    ...(shape.loadBalancerPool === undefined ? {} : { loadBalancerPool: shape.loadBalancerPool }),
    ...(shape.auditPolicy === undefined ? {} : { auditPolicy: shape.auditPolicy }),
    ...(shape.tokenIssuer === undefined ? {} : { tokenIssuer: shape.tokenIssuer }),
    network,
    apiPort,
    command,
  };
}

function numberedNodes({ nodes, windowsNodes = 0 }: ClusterShape): readonly NamedNode[] {
  const numbered = (system: NodeSystem, prefix: string, count: number): readonly NamedNode[] =>
    Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index + 1}`, system }));
  return [...numbered('linux', 'node', nodes), ...numbered('windows', 'win', windowsNodes)];
}

/** In what an existing cluster differs from what is asked for; empty when it does not. One sentence each. */
export function shapeDifferences(config: ClusterConfig, shape: ClusterShape): string[] {
  const differences: string[] = [];
  const compare = (what: string, present: string | number | boolean, wanted: string | number | boolean): void => {
    if (present !== wanted) differences.push(`${what}: it has ${String(present)}, asked for was ${String(wanted)}`);
  };
  const windowsNodes = config.nodes.filter(({ system }) => system === 'windows').length;
  compare('nodes', config.nodes.length - windowsNodes, shape.nodes);
  compare('windows nodes', windowsNodes, shape.windowsNodes ?? 0);
  compare('engine', config.engine, shape.engine);
  compare('dataplane', config.dataplane ?? 'that of the engine', shape.dataplane ?? 'that of the engine');
  compare('established', config.established ?? 'as the engine', shape.established ?? 'as the engine');
  compare('windows-expand-unsupported', config.windowsExpandUnsupported ?? false, shape.windowsExpandUnsupported ?? false);
  compare('stand-in', config.standIn, shape.standIn);
  compare('dual-stack', config.dualStack, shape.dualStack);
  if (!deepEqual(config.network, networkOf(shape))) differences.push('network: it has other addresses than asked for');
  compare('load-balancer-pool', loadBalancerPoolOf(config).join(','), loadBalancerPoolOf(shape).join(','));
  if (!deepEqual(config.auditPolicy, shape.auditPolicy)) differences.push('audit-policy: it has another one than asked for');
  compare('token-issuer', config.tokenIssuer ?? 'the usual one', shape.tokenIssuer ?? 'the usual one');
  compare('fake nodes', config.fakes.nodes, shape.fakes.nodes);
  compare('fake pods', config.fakes.pods, shape.fakes.pods);
  compare('fake policies', config.fakes.policies, shape.fakes.policies);
  return differences;
}

/** Descriptions from before there were fakes, or other networks than the usual one, do not mention them. */
type WrittenConfig = Omit<ClusterConfig, 'fakes' | 'network'> & Partial<ClusterConfig>;

/** Reads the description of a cluster; undefined when there is none. */
export async function readClusterConfig(name: string): Promise<ClusterConfig | undefined> {
  try {
    const config = JSON.parse(await readFile(clusterLayout(name).config, 'utf8')) as WrittenConfig;
    return { ...config, fakes: config.fakes ?? noFakes, network: config.network ?? usualNetwork(config.dualStack) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes the description; its directory exists already. */
export async function writeClusterConfig(config: ClusterConfig): Promise<void> {
  await writePrivateFile(clusterLayout(config.name).config, `${JSON.stringify(config, null, 2)}\n`);
}

/** Names of the clusters that have a state directory, complete or not, sorted. */
export async function listClusters(): Promise<string[]> {
  try {
    const entries = await readdir(clustersDirectory(), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
