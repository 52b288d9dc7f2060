/**
 * `weir up`: makes a cluster, starts it, waits until it is ready.
 *
 * A cluster that exists with the same shape is only started (or left alone when it runs); one with
 * another shape is refused with what differs. When a new cluster does not come up, or the wait is
 * interrupted, everything of it is removed again; an existing one is never removed here.
 */
import { createServer } from 'node:net';
import { fakeBlocks } from '../fakes/fake-addresses.ts';
import { fakesProblem } from '../fakes/fake-counts.ts';
import { checkClusterName } from '../network/netns-names.ts';
import { networkProblem } from '../network/network-problem.ts';
import { hasIpv6, nodesMax } from '../network/network-shape.ts';
import { takeChangeLock } from './change-lock.ts';
import { type ClusterShape, networkOf, planCluster, readClusterConfig, shapeDifferences } from './cluster-config.ts';
import { engineProblem } from './cluster-engine.ts';
import { ClusterError } from './cluster-error.ts';
import { writeClusterFiles } from './cluster-files.ts';
import { checkOwner } from './cluster-network.ts';
import type { ClusterStatus } from './cluster-status.ts';
import { removeCluster, removeEmptyRoots } from './down-cluster.ts';
import { loadBalancerPoolProblem } from './load-balancer-pool.ts';
import { startAsDescribed } from './restart-cluster.ts';
import { type StartOptions, startAndWait } from './start-cluster.ts';

/** What to bring up. */
export interface UpOptions extends ClusterShape, StartOptions {}

/** Brings the cluster up and answers its status. Throws {@link ClusterError} and NetworkError (bad name). */
export async function upCluster(options: UpOptions): Promise<ClusterStatus> {
  checkShape(options);
  const lock = await takeChangeLock(options.name);
  try {
    checkOwner(options.name);
    const existing = await readClusterConfig(options.name);
    if (existing === undefined) return await makeCluster(options);
    const differences = shapeDifferences(existing, options);
    if (differences.length > 0) throw differs(options.name, differences);
    return await startAsDescribed(existing, options);
  } finally {
    lock.release();
    // They are empty when nothing came up.
    removeEmptyRoots();
  }
}

function differs(name: string, differences: readonly string[]): ClusterError {
  const advice = `run "weir down --name ${name}" first, or choose another --name`;
  return new ClusterError('differs', `cluster "${name}" exists and differs in ${differences.join('; ')}: ${advice}`);
}

function checkShape(shape: ClusterShape): void {
  const { name, nodes, windowsNodes = 0, fakes } = shape;
  checkClusterName(name);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > nodesMax) {
    throw new ClusterError('invalid', `a cluster has 1 to ${nodesMax} nodes, not ${nodes}`);
  }
  if (!Number.isInteger(windowsNodes) || windowsNodes < 0 || nodes + windowsNodes > nodesMax) {
    throw new ClusterError('invalid', `a cluster has at most ${nodesMax} nodes, not ${nodes} and ${windowsNodes} with Windows`);
  }
  const network = networkOf(shape);
  const needs = { nodes: nodes + windowsNodes, taken: fakes.nodes === 0 ? [] : fakeBlocks };
  const problem = fakesProblem(fakes) ?? engineProblem(shape) ?? networkProblem(network, needs) ?? loadBalancerPoolProblem(shape, network);
  if (problem !== undefined) throw new ClusterError('invalid', problem);
  if (hasIpv6(network) !== shape.dualStack)
    throw new ClusterError('invalid', 'a dual-stack cluster has a dual-stack network, and no other has');
}

async function makeCluster(options: UpOptions): Promise<ClusterStatus> {
  // What an interrupted earlier attempt may have left: incomplete state without a description.
  await removeCluster(options.name);
  try {
    const { nodes, windowsNodes = 0 } = options;
    const windows = windowsNodes === 0 ? '' : ` and ${windowsNodes} with Windows`;
    options.onProgress(`making cluster "${options.name}" with ${nodes} node${nodes === 1 ? '' : 's'}${windows}`);
    const config = planCluster(options, await freePort(), options.command);
    await writeClusterFiles(config);
    return await startAndWait(config, options);
  } catch (error) {
    await removeCluster(options.name);
    throw error;
  }
}

/** A port of 127.0.0.1 that nobody uses at the moment, outside the range for outgoing connections. */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 16_400 + Math.floor(Math.random() * 12_000);
    if (await canListen(port)) return port;
  }
  throw new ClusterError('failed', 'no free port was found on 127.0.0.1 for the API server');
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
