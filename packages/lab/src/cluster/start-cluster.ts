/** Starts a cluster that has been described, and waits until all of it is ready. */
import { spawn } from 'node:child_process';
import { closeSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLogLines, openLog } from './bounded-log.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { ClusterError } from './cluster-error.ts';
import { type ClusterLayout, clusterLayout } from './cluster-layout.ts';
import { type ClusterStatus, ClusterStatusReader, clusterStatus } from './cluster-status.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.ts';
import { lockHolder } from './process-lock.ts';
import { askSupervisor } from './supervisor-socket.ts';

/** How a cluster is started. */
export interface StartOptions {
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

/** Starts what does not run yet; the caller holds the cluster's change lock. Throws {@link ClusterError}. */
export async function startAndWait(config: ClusterConfig, options: StartOptions): Promise<ClusterStatus> {
  const layout = clusterLayout(config.name);
  if (lockHolder(layout.supervisorLock) !== undefined) await bringBackDeletedNodes(config, layout);
  await superviseUntil(config, options, ({ state }) => state === 'running');
  const status = await clusterStatus(config.name);
  if (status === undefined) throw new ClusterError('not-found', `cluster "${config.name}" has just been removed`);
  return status;
}

/** Starts the cluster unless it runs, and waits until its API server answers; what else is not ready may be about to change. */
export async function ensureRunning(config: ClusterConfig, options: StartOptions): Promise<void> {
  await superviseUntil(config, options, ({ apiServer }) => apiServer.ready);
}

/** How often another supervisor is looked for when the one waited with has ended. */
const supervisorsMax = 4;

/**
 * Waits with the supervisor that runs, or with a new one. The one found may be just dying; and one that a killed
 * command had started a moment ago may take the lock before ours, which then ends.
 */
async function superviseUntil(config: ClusterConfig, options: StartOptions, isEnough: (status: ClusterStatus) => boolean): Promise<void> {
  const layout = clusterLayout(config.name);
  for (let round = 0; round < supervisorsMax; round++) {
    const running = lockHolder(layout.supervisorLock);
    const supervisor = running ?? (await startSupervisor({ ...config, command: options.command }, layout));
    const reader = new ClusterStatusReader(config.name);
    try {
      if (await waitUntil(config, { ...options, supervisor, reader }, isEnough)) return;
    } finally {
      reader.close();
    }
    if (running === undefined && lockHolder(layout.supervisorLock) === undefined) break;
  }
  throw new ClusterError('failed', failure('the supervisor ended', layout, 'supervisor'));
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

interface Waiting extends StartOptions {
  readonly supervisor: ProcessIdentity;
  readonly reader: ClusterStatusReader;
}

/** Whether there is enough; no only when the supervisor has ended. */
async function waitUntil(config: ClusterConfig, waiting: Waiting, isEnough: (status: ClusterStatus) => boolean): Promise<boolean> {
  const layout = clusterLayout(config.name);
  const timeoutMs = waiting.timeoutMs ?? 60_000;
  const deadlineMs = Date.now() + timeoutMs;
  const told = new Set<string>();
  for (;;) {
    if (waiting.signal?.aborted === true) throw new ClusterError('interrupted', `interrupted while cluster "${config.name}" was coming up`);
    const status = await waiting.reader.read('uncounted');
    if (status !== undefined && isEnough(status)) return true;
    if (!isAlive(waiting.supervisor)) return false;
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
  const log = lines.length === 0 ? 'its log is empty' : `the end of its log:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  return `${text}; ${isFull(layout.state) ? `there is no room left on the disk of ${layout.state}; ` : ''}${log}`;
}

/** A disk with less room than this is why programs end, whatever their logs can still say. */
const roomBytes = 1024 * 1024;

function isFull(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < roomBytes;
  } catch {
    return false;
  }
}
