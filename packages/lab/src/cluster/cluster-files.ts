/** The files that a cluster's processes read: certificates, kubeconfigs and what each node is told. */
import { mkdir } from 'node:fs/promises';
import { makeDirectory } from '@weir/client';
import type { AgentPlace } from '../engine-pods/agent-process.ts';
import { apiServerAddress, apiServerPort, clusterDomain, kubernetesServiceAddress } from '../network/network-shape.ts';
import type { NodeOptions } from '../node/node-options.ts';
import type { ClusterParty, ClusterPki } from '../pki/cluster-pki.ts';
import { writeKubeconfig } from '../pki/kubeconfig-writer.ts';
import { writePrivateFile } from '../pki/private-file.ts';
import { agentName } from './child-definitions.ts';
import { type ClusterConfig, writeClusterConfig } from './cluster-config.ts';
import { type ClusterEngine, engineOf, standsBehindKubeProxy } from './cluster-engine.ts';
import { clusterLayout } from './cluster-layout.ts';
import type { ClusterNode } from './cluster-node.ts';
import { checkSocketPaths } from './socket-paths.ts';

/** Writes everything that `config` implies; `cluster.json` last, so that its presence says "complete". */
export async function writeClusterFiles(config: ClusterConfig): Promise<void> {
  const layout = clusterLayout(config.name);
  for (const directory of [layout.state, layout.run, layout.store, layout.logs, layout.pids]) {
    makeDirectory(directory, 0o700);
  }
  // Loaded here because the certificate library is slow to load, and only `up` makes certificates.
  const { ClusterPki } = await import('../pki/cluster-pki.ts');
  const pki = await ClusterPki.open(layout.pki, config.name);
  await Promise.all([
    pki.serverPair([apiServerAddress(config.network), kubernetesServiceAddress(config.network)]),
    pki.serviceAccountKey(),
    writeClientConfig(config, pki, { path: layout.kubeconfig, party: 'admin', server: hostServer(config) }),
    ...config.nodes.map((node) => writeNodeFiles(config, pki, node)),
  ]);
  await writeClusterConfig(config);
}

/** The API server's URL on the host. */
export function hostServer(config: ClusterConfig): string {
  return `https://127.0.0.1:${config.apiPort}`;
}

/** Writes what one node and its agent are told. Throws {@link ClusterError} for a node whose sockets have no room. */
export async function writeNodeFiles(config: ClusterConfig, pki: ClusterPki, node: ClusterNode): Promise<void> {
  const layout = clusterLayout(config.name);
  const { name } = node;
  checkSocketPaths(layout, name);
  await mkdir(layout.agentState(name), { recursive: true, mode: 0o700 });
  // Nodes have no loopback in common with the host: they come over the virtual network.
  const server = `https://${apiServerAddress(config.network)}:${apiServerPort}`;
  await writeClientConfig(config, pki, { path: layout.nodeKubeconfig(name), party: { node: name }, server });
  await writeClientConfig(config, pki, { path: layout.agentKubeconfig(name), party: { agent: name }, server });
  const options: NodeOptions = {
    cluster: config.name,
    node: name,
    kubeconfig: layout.nodeKubeconfig(name),
    socket: layout.nodeSocket(name),
    ...gateOptions(config, node),
    agent: agentPlace(config, name),
    ...(node.system === 'windows' ? { hnsSocket: layout.hnsSocket(name) } : {}),
    stateDirectory: layout.nodeState(name),
    addresses: node.addresses,
    podBlocks: node.podBlocks,
    ...(config.network.podCidrs.length === 0 ? {} : { podCidrs: config.network.podCidrs }),
    dns: { address: config.network.dnsService, domain: clusterDomain },
    standIn: config.standIn,
    ...(node.identity === undefined ? {} : { identity: node.identity }),
    ...(node.system !== 'windows' && standsBehindKubeProxy({ ...config, engine: comingEngine(config, node) })
      ? { hasKubeForward: true }
      : {}),
  };
  await writePrivateFile(layout.nodeConfig(name), `${JSON.stringify(options, null, 2)}\n`);
}

/** Where an agent would be: a cluster may get its engine while the node runs. */
function agentPlace({ name, command }: ClusterConfig, node: string): AgentPlace {
  const layout = clusterLayout(name);
  const child = agentName(node);
  return { supervisorSocket: layout.supervisorSocket, child, log: layout.log(child), gateSocket: layout.gateSocket(node), command };
}

type GateOptions = Pick<NodeOptions, 'engine' | 'gateSocket' | 'awaitsEngine'>;

function gateOptions(config: ClusterConfig, node: ClusterNode): GateOptions {
  const engine = engineOf(config, node);
  const gateSocket = clusterLayout(config.name).gateSocket(node.name);
  if (engine !== 'none') return { engine, gateSocket };
  return comingEngine(config, node) === 'none' ? {} : { awaitsEngine: true };
}

/** The engine that a node is made for: a replaced one has none before all are replaced. */
function comingEngine(config: ClusterConfig, node: ClusterNode): ClusterEngine {
  const engine = engineOf(config, node);
  return engine === 'none' ? (config.change?.target.engine ?? engine) : engine;
}

interface ClientConfig {
  readonly path: string;
  readonly party: ClusterParty;
  readonly server: string;
}

async function writeClientConfig(config: ClusterConfig, pki: ClusterPki, { path, party, server }: ClientConfig): Promise<void> {
  const cluster = `weir-${config.name}`;
  await writeKubeconfig(path, {
    cluster,
    user: typeof party === 'string' ? `${cluster}-${party}` : cluster,
    server,
    certificateAuthority: pki.authority.certificate,
    client: await pki.pair(party),
  });
}
