/**
 * `weir up`: makes a cluster, starts it, waits until it is ready.
 *
 * A cluster that exists with the same shape is only started (or left alone when it runs); one with
 * another shape is refused with what differs. When a new cluster does not come up, or the wait is
 * interrupted, everything of it is removed again; an existing one is never removed here.
 */
import { spawn } from 'node:child_process';
import { closeSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fakeBlocks } from '../fakes/fake-addresses.ts';
import { fakesProblem } from '../fakes/fake-counts.ts';
import { checkClusterName } from '../network/netns-names.ts';
import { networkProblem } from '../network/network-problem.ts';
import { hasIpv6, nodesMax } from '../network/network-shape.ts';
import { lastLogLines, openLog } from './bounded-log.ts';
import { type ClusterConfig, type ClusterShape, networkOf, planCluster, readClusterConfig, shapeDifferences } from './cluster-config.ts';
import { engineProblem } from './cluster-engine.ts';
import { busyError, ClusterError } from './cluster-error.ts';
import { writeClusterFiles } from './cluster-files.ts';
import { type ClusterLayout, clusterLayout } from './cluster-layout.ts';
import { checkOwner } from './cluster-network.ts';
import { type ClusterStatus, clusterStatus } from './cluster-status.ts';
import { removeCluster, removeEmptyRoots } from './down-cluster.ts';
import { loadBalancerPoolProblem } from './load-balancer-pool.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.ts';
import { lockHolder, takeProcessLock } from './process-lock.ts';
import { askSupervisor } from './supervisor-socket.ts';

/** What to bring up. */
export interface UpOptions extends ClusterShape {
  /** How to start weir itself: Node and its first arguments. */
  readonly command: readonly string[];
  /** Told of each step, for people. */
  readonly onProgress: (text: string) => void;
  /** Aborted to give up; a cluster that is being made is removed then. */
  readonly signal?: AbortSignal;
  /** How long to wait for the whole cluster, in milliseconds. Default 60 000. */
  readonly timeoutMs?: number;
}

/** A process that has died this often while the cluster came up will not come up. */
const restartsMax = 5;

/** Brings the cluster up and answers its status. Throws {@link ClusterError} and NetworkError (bad name). */
export async function upCluster(options: UpOptions): Promise<ClusterStatus> {
  checkShape(options);
  const layout = clusterLayout(options.name);
  const taken = takeProcessLock(layout.changeLock);
  if ('holder' in taken) throw busyError(options.name, taken.holder.pid);
  try {
    checkOwner(options.name);
    const existing = await readClusterConfig(options.name);
    if (existing === undefined) return await makeCluster(options, layout);
    const differences = shapeDifferences(existing, options);
    if (differences.length > 0) throw differs(options.name, differences);
    // What a rotation that was cut off has taken away is made again.
    if (lockHolder(layout.supervisorLock) === undefined) await writeClusterFiles(existing);
    return await startAndWait(existing, layout, options);
  } finally {
    taken.lock.release();
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

async function makeCluster(options: UpOptions, layout: ClusterLayout): Promise<ClusterStatus> {
  // What an interrupted earlier attempt may have left: incomplete state without a description.
  await removeCluster(options.name);
  try {
    const { nodes, windowsNodes = 0 } = options;
    const windows = windowsNodes === 0 ? '' : ` and ${windowsNodes} with Windows`;
    options.onProgress(`making cluster "${options.name}" with ${nodes} node${nodes === 1 ? '' : 's'}${windows}`);
    const config = planCluster(options, await freePort(), options.command);
    await writeClusterFiles(config);
    return await startAndWait(config, layout, options);
  } catch (error) {
    await removeCluster(options.name);
    throw error;
  }
}

async function startAndWait(config: ClusterConfig, layout: ClusterLayout, options: UpOptions): Promise<ClusterStatus> {
  const running = lockHolder(layout.supervisorLock);
  if (running !== undefined) await bringBackDeletedNodes(config, layout);
  const supervisor = running ?? (await startSupervisor({ ...config, command: options.command }, layout));
  return waitUntilReady(config, layout, { ...options, supervisor });
}

/** A node that somebody deleted joins again when its process starts. One that has not joined yet starts once more. */
async function bringBackDeletedNodes(config: ClusterConfig, layout: ClusterLayout): Promise<void> {
  const status = await clusterStatus(config.name, 'uncounted');
  if (status?.apiServer.ready !== true) return;
  for (const { name } of status.nodes.filter(({ registered }) => !registered)) {
    await askSupervisor(layout.supervisorSocket, 'POST', `/children/${name}/signal?signal=SIGTERM`);
  }
}

async function startSupervisor(config: ClusterConfig, layout: ClusterLayout): Promise<ProcessIdentity> {
  await mkdir(layout.pids, { recursive: true, mode: 0o700 });
  const [program = '', ...args] = config.command;
  const log = openLog(layout.log('supervisor'));
  try {
    const child = spawn(program, [...args, 'lab', 'supervise', '--cluster', config.name], {
      stdio: ['ignore', log, log],
      // A session of its own: a terminal's Ctrl-C ends `weir up`, not the cluster.
      detached: true,
      cwd: '/',
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    if (identity === undefined) throw new ClusterError('failed', failure('the supervisor ended at once', layout, 'supervisor'));
    writeFileSync(layout.supervisorStarted, JSON.stringify(identity), { mode: 0o600 });
    return identity;
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    throw new ClusterError('failed', `the supervisor cannot be started (${program}): ${String(error)}`, error);
  } finally {
    closeSync(log);
  }
}

interface Waiting extends UpOptions {
  readonly supervisor: ProcessIdentity;
}

async function waitUntilReady(config: ClusterConfig, layout: ClusterLayout, waiting: Waiting): Promise<ClusterStatus> {
  const timeoutMs = waiting.timeoutMs ?? 60_000;
  const deadlineMs = Date.now() + timeoutMs;
  const told = new Set<string>();
  for (;;) {
    if (waiting.signal?.aborted === true) throw new ClusterError('interrupted', `interrupted while cluster "${config.name}" was coming up`);
    const status = await clusterStatus(config.name, 'uncounted');
    if (status?.state === 'running') return (await clusterStatus(config.name)) ?? status;
    if (!isAlive(waiting.supervisor)) throw new ClusterError('failed', failure('the supervisor ended', layout, 'supervisor'));
    const dying = status?.processes.find(({ restarts }) => restarts >= restartsMax);
    if (dying !== undefined) {
      throw new ClusterError(
        'failed',
        failure(`${dying.name} does not stay up (${dying.lastExit ?? 'unknown reason'})`, layout, dying.name),
      );
    }
    const missing = status === undefined ? undefined : firstMissing(status);
    if (Date.now() > deadlineMs) {
      const text = `cluster "${config.name}" is not ready after ${Math.round(timeoutMs / 1_000)} s: ${missing?.text ?? 'no status'}`;
      throw new ClusterError('failed', failure(text, layout, missing?.process ?? 'supervisor'));
    }
    if (missing !== undefined && !told.has(missing.text)) {
      told.add(missing.text);
      waiting.onProgress(`waiting for ${missing.text}`);
    }
    await sleep(50);
  }
}

/** The first thing that is not ready, in the order in which things become ready, and whose log tells more. */
function firstMissing(status: ClusterStatus): { text: string; process: string } | undefined {
  if (!status.apiServer.ready) return { text: 'the API server', process: 'control-plane' };
  const node = status.nodes.find((each) => !each.ready && each.waitsForPlugin !== true);
  if (node !== undefined) return { text: `node ${node.name}`, process: node.name };
  const agent = status.nodes.find((each) => each.agent?.ready === false);
  if (agent !== undefined) return { text: `the agent of ${agent.name}`, process: `${agent.name}-agent` };
  return status.dns ? undefined : { text: 'cluster DNS', process: status.nodes[0]?.name ?? 'control-plane' };
}

/** A failure with the end of the log that explains it; the log itself may be gone a moment later. */
function failure(text: string, layout: ClusterLayout, process: string): string {
  const lines = lastLogLines(layout.log(process), 12);
  return lines.length === 0 ? `${text}; its log is empty` : `${text}; the end of its log:\n${lines.map((line) => `  ${line}`).join('\n')}`;
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
