/** How a cluster is: its processes, its nodes, its agents. */
import { isNotFound, KubeClient, loadKubeconfig, nodesPath, podsPath } from '@weir/client';
import type { Node, Pod } from '@weir/kube';
import type { FakeCounts } from '../fakes/fake-counts.ts';
import { waitsForPlugin } from '../node/node-status.ts';
import { type AgentStatus, agentStatus } from './agent-status.ts';
import { type ClusterConfig, readClusterConfig } from './cluster-config.ts';
import { engineOf } from './cluster-engine.ts';
import { clusterLayout } from './cluster-layout.ts';
import type { ChildStatus } from './supervised-child.ts';
import { askSupervisor, type SupervisorStatus, SupervisorUnreachable } from './supervisor-socket.ts';

/** One node as `status` shows it. */
export interface NodeStatus {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Whether it has a Node object; who deletes that takes the node out of the cluster. */
  readonly registered: boolean;
  /** Whether its Node object says Ready. */
  readonly ready: boolean;
  /** Whether it works as far as it can without a network plugin, which nobody brings: it is not going to be ready. */
  readonly waitsForPlugin?: true;
  /** Pods bound to it that have not finished. */
  readonly pods: number;
  /** The agent's own word; absent when the cluster has no engine. */
  readonly agent?: AgentStatus;
}

/** A cluster and its parts. */
export interface ClusterStatus {
  readonly name: string;
  readonly engine: ClusterConfig['engine'];
  /** `running`: everything is ready that can be. `degraded`: something is not. `stopped`: no supervisor runs. */
  readonly state: 'running' | 'degraded' | 'stopped';
  readonly apiServer: { readonly server: string; readonly ready: boolean };
  readonly kubeconfig: string;
  /** Whether a DNS pod runs. */
  readonly dns: boolean;
  readonly nodes: readonly NodeStatus[];
  /** What the cluster was made with besides: objects without anything behind them. */
  readonly fakes: FakeCounts;
  readonly processes: readonly ChildStatus[];
}

/** What {@link ClusterStatusReader.read} says, asked once. */
export async function clusterStatus(name: string, pods?: 'counted' | 'uncounted'): Promise<ClusterStatus | undefined> {
  const reader = new ClusterStatusReader(name);
  try {
    return await reader.read(pods);
  } finally {
    reader.close();
  }
}

/** Reads the status of a cluster, once or again and again. */
export class ClusterStatusReader {
  readonly #name: string;
  /** Kept: a connection costs more than all that is asked on it. */
  #client: KubeClient | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * The status now; undefined when there is no such cluster. Never throws because of a part that is down. `pods` says
   * whether the pods of nodes are counted; else they are 0, which is cheap to ask again and again.
   */
  async read(pods: 'counted' | 'uncounted' = 'counted'): Promise<ClusterStatus | undefined> {
    const config = await readClusterConfig(this.#name);
    if (config === undefined) return undefined;
    const layout = clusterLayout(this.#name);
    const supervisor = await readSupervisor(layout.supervisorSocket);
    const client = await this.#connect(layout.kubeconfig);
    const ready = supervisor !== undefined && (await answers(client));
    const objects = ready ? await readObjects(client, config, pods) : nothingRead;
    const nodes = await Promise.all(config.nodes.map((node) => nodeStatus(config, node, objects)));
    const dns = objects.dnsPods.some(isReady);
    // Without a network plugin cluster DNS waits like all pods.
    const complete = ready && (dns || config.network.plugin === 'none') && nodes.every(isUp);
    return {
      name: this.#name,
      engine: config.engine,
      state: supervisor === undefined ? 'stopped' : complete ? 'running' : 'degraded',
      apiServer: { server: client.connection.server, ready },
      kubeconfig: layout.kubeconfig,
      dns,
      nodes,
      fakes: config.fakes,
      processes: supervisor?.children ?? [],
    };
  }

  /** Ends its connections. */
  close(): void {
    this.#client?.close();
  }

  async #connect(kubeconfig: string): Promise<KubeClient> {
    this.#client ??= new KubeClient(await loadKubeconfig(kubeconfig), { timeoutMs: 2_000, userAgent: 'weir-status' });
    return this.#client;
  }
}

async function readSupervisor(socket: string): Promise<SupervisorStatus | undefined> {
  try {
    return await askSupervisor<SupervisorStatus>(socket, 'GET', '/status');
  } catch (error) {
    if (error instanceof SupervisorUnreachable) return undefined;
    throw error;
  }
}

async function answers(client: KubeClient): Promise<boolean> {
  try {
    await client.requestText('GET', '/readyz', { accept: '*/*' });
    return true;
  } catch (error) {
    // An answer that there is no such path is an answer.
    return isNotFound(error);
  }
}

interface ReadObjects {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly dnsPods: readonly Pod[];
}

const nothingRead: ReadObjects = { nodes: [], pods: [], dnsPods: [] };

async function readObjects(client: KubeClient, config: ClusterConfig, wanted: 'counted' | 'uncounted'): Promise<ReadObjects> {
  try {
    const [nodes, pods, dnsPods] = await Promise.all([
      client.list<Node>(nodesPath),
      wanted === 'counted' ? readRealPods(client, config) : [],
      client.list<Pod>(podsPath('kube-system'), { labelSelector: 'k8s-app=kube-dns' }),
    ]);
    return { nodes: nodes.items, pods, dnsPods: dnsPods.items };
  } catch {
    return nothingRead;
  }
}

/** Fake pods outnumber the others by far: then each node is asked for by name. */
async function readRealPods(client: KubeClient, { fakes, nodes }: ClusterConfig): Promise<readonly Pod[]> {
  if (fakes.pods === 0) return (await client.list<Pod>(podsPath())).items;
  const lists = await Promise.all(nodes.map(({ name }) => client.list<Pod>(podsPath(), { fieldSelector: `spec.nodeName=${name}` })));
  return lists.flatMap(({ items }) => items);
}

async function nodeStatus(config: ClusterConfig, description: ClusterConfig['nodes'][number], objects: ReadObjects): Promise<NodeStatus> {
  const { name, addresses } = description;
  const node = objects.nodes.find((each) => each.metadata.name === name);
  const pods = objects.pods.filter(
    ({ spec, status }) => spec?.nodeName === name && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
  );
  return {
    name,
    addresses,
    registered: node !== undefined,
    ready: node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    ...(node !== undefined && waitsForPlugin(node) ? { waitsForPlugin: true } : {}),
    pods: pods.length,
    ...(engineOf(config, description) === 'none' ? {} : { agent: await agentStatus(clusterLayout(config.name).gateSocket(name)) }),
  };
}

/** Whether a node, and its agent if it has one, are as they are going to be. */
function isUp({ ready, waitsForPlugin: waits, agent }: NodeStatus): boolean {
  return (ready || waits === true) && (agent?.ready ?? true);
}

function isReady({ status }: Pod): boolean {
  const ready = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  return status?.phase === 'Running' && ready === true;
}
