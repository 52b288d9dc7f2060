/**
 * Brings a cluster to other nodes or another engine while it runs, as AKS upgrades its pools: temporary nodes come,
 * nodes are drained and replaced under their names, and a new engine begins everywhere when the last one is back.
 * What is wished is in the cluster's description from the beginning, so that a change that is cut off is completed by
 * the next one or by the next start.
 */
import { KubeClient, loadKubeconfig } from '@weir/client';
import { checkNodeName } from '../../network/netns-names.ts';
import { nodeRoom } from '../../network/network-shape.ts';
import { takeChangeLock } from '../change-lock.ts';
import { type ClusterConfig, readClusterConfig, writeClusterConfig } from '../cluster-config.ts';
import { engineProblem } from '../cluster-engine.ts';
import { ClusterError } from '../cluster-error.ts';
import { clusterLayout } from '../cluster-layout.ts';
import { ensureRunning, type StartOptions } from '../start-cluster.ts';
import type { ChangeReport } from './change-report.ts';
import type { ClusterTarget } from './cluster-change.ts';
import { NodeRollout } from './node-rollout.ts';
import { remainingWork } from './remaining-work.ts';

const nothingDone: ChangeReport = { nodes: [], services: [] };

/**
 * Resolves when the cluster is as wished. Throws {@link ClusterError}; its old engine is then in force again on nodes
 * that had been replaced already, where that is still possible, and the same call goes on from there.
 */
export async function changeCluster(cluster: string, target: ClusterTarget, options: StartOptions): Promise<ChangeReport> {
  const lock = await takeChangeLock(cluster);
  try {
    const config = await readClusterConfig(cluster);
    if (config === undefined) throw new ClusterError('not-found', `there is no cluster "${cluster}"`);
    checkTarget(config, target);
    if (config.change === undefined && isDone(config, target)) return nothingDone;
    const wished = { ...config, network: target.network ?? config.network, change: { target, left: config.change?.left ?? [] } };
    await writeClusterConfig(wished);
    return await carryOutChange(wished, options);
  } finally {
    lock.release();
  }
}

/** Carries out the change that the description tells of; the caller holds the cluster's change lock. */
export async function carryOutChange(config: ClusterConfig, options: StartOptions): Promise<ChangeReport> {
  if (config.change === undefined) return nothingDone;
  await ensureRunning(config, options);
  const client = new KubeClient(await loadKubeconfig(clusterLayout(config.name).kubeconfig), { userAgent: 'weir-nodes' });
  const rollout = new NodeRollout(client, config, options);
  try {
    return await rollout.run(config.change.target);
  } catch (error) {
    await rollout.retreat();
    throw error;
  } finally {
    await rollout.close();
    client.close();
  }
}

/**
 * Settles a change whose command has died: nodes that wait for a new engine have the old one until the change is
 * completed. For the supervisor, which holds the cluster's change lock.
 */
export async function holdOnChange(config: ClusterConfig, onProgress: (text: string) => void): Promise<void> {
  const client = new KubeClient(await loadKubeconfig(clusterLayout(config.name).kubeconfig), { userAgent: 'weir-nodes' });
  const rollout = new NodeRollout(client, config, { onProgress });
  try {
    await rollout.holdOn();
  } finally {
    await rollout.close();
    client.close();
  }
}

function isDone(config: ClusterConfig, target: ClusterTarget): boolean {
  const { stale, joining, replacing, leaving, switchesEngine, surge } = remainingWork(config, target);
  return !switchesEngine && [stale, joining, replacing, leaving, surge].every(({ length }) => length === 0);
}

function checkTarget(config: ClusterConfig, { engine, pools, network = config.network }: ClusterTarget): void {
  const nodes = pools.flatMap((pool) => pool.nodes);
  for (const { name } of [...nodes, ...pools.flatMap(({ surge }) => surge)]) checkNodeName(config.name, name);
  const room = nodeRoom(network);
  if (nodes.length === 0 || nodes.length > room) {
    throw new ClusterError('invalid', `cluster "${config.name}" has room for 1 to ${room} nodes, not for ${nodes.length}`);
  }
  const windowsNodes = nodes.filter(({ system }) => system === 'windows').length;
  const problem = engineProblem({ ...config, engine, dataplane: engine === config.engine ? config.dataplane : undefined, windowsNodes });
  if (problem !== undefined) throw new ClusterError('invalid', problem);
}
