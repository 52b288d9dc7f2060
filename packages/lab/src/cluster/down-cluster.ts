/**
 * `weir down`: ends a cluster and removes every trace of it, whatever state it is in.
 *
 * Processes are found by pid files with their identity and by the network namespaces that they live
 * in, never by name. Before the state directory is removed everything mounted below it is unmounted:
 * pod roots hold the machine's own directories, and those must never be deleted through a mount.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readlinkSync, rmdirSync, statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { netnsPath } from '@weir/kernel';
import { netnsOfCluster } from '../network/netns-names.ts';
import { removeNetwork } from '../network/virtual-network.ts';
import { MountedError, unmountBelow } from '../sandbox/mount-points.ts';
import { busyError, ClusterError } from './cluster-error.ts';
import { type ClusterLayout, clusterLayout, clustersDirectory, runRoot, stateRoot } from './cluster-layout.ts';
import { checkOwner } from './cluster-network.ts';
import { endProcess, identifyProcess, readIdentity } from './process-identity.ts';
import { lockHolder, takeProcessLock } from './process-lock.ts';
import { endLeftOvers } from './supervisor.ts';

const run = promisify(execFile);

/** An orderly stop of all processes may take this long. */
const stopTimeoutMs = 20_000;

/** Removes the cluster. Answers false when nothing of it was there. Throws {@link ClusterError}. */
export async function downCluster(name: string): Promise<boolean> {
  const taken = takeProcessLock(clusterLayout(name).changeLock);
  if ('holder' in taken) throw busyError(name, taken.holder.pid);
  try {
    return await removeCluster(name);
  } finally {
    taken.lock.release();
    removeEmptyRoots();
  }
}

/** Removes the directories above the clusters' own when the last cluster has left them empty. */
export function removeEmptyRoots(): void {
  for (const directory of [clustersDirectory(), stateRoot(), runRoot()]) {
    try {
      rmdirSync(directory);
    } catch {
      // Something is in it, or it is not there: both are as they should be.
    }
  }
}

/** The removal itself, for callers that hold the cluster's change lock. Answers whether anything was there. */
export async function removeCluster(name: string): Promise<boolean> {
  const layout = clusterLayout(name);
  const present = exists(layout.state) || exists(layout.run) || netnsOfCluster(name).length > 0;
  if (!present) return false;
  checkOwner(name);
  await stopSupervisor(layout);
  await endLeftOvers(layout, undefined);
  await removeContainers(layout);
  await endProcessesInside(name);
  removeNetwork(name);
  await unmountAll(layout.state);
  await rm(layout.run, { recursive: true, force: true });
  await rm(layout.state, { recursive: true, force: true });
  return true;
}

async function stopSupervisor(layout: ClusterLayout): Promise<void> {
  // One that has only just been started holds no lock yet, and would make the network after it was removed.
  for (const supervisor of [lockHolder(layout.supervisorLock), readIdentity(layout.supervisorStarted)]) {
    if (supervisor !== undefined) await endProcess(supervisor, stopTimeoutMs);
  }
}

/** Containers of nodes that died: the node keeps its runc state below `<node>/runc`. */
async function removeContainers(layout: ClusterLayout): Promise<void> {
  const nodes = join(layout.state, 'nodes');
  if (!exists(nodes)) return;
  for (const node of await readdir(nodes)) {
    const root = join(nodes, node, 'runc');
    if (!exists(root)) continue;
    for (const container of await readdir(root)) {
      // Half-made ones cannot be deleted in order; their processes go with the namespaces below.
      await run('runc', ['--root', root, 'delete', '--force', container], { timeout: 10_000 }).catch(() => undefined);
    }
  }
}

/** Ends what still runs in the cluster's network namespaces: programs in pods of a node that died. */
async function endProcessesInside(name: string): Promise<void> {
  const inodes = new Set<string>();
  for (const netns of netnsOfCluster(name)) {
    try {
      inodes.add(`net:[${statSync(netnsPath(netns)).ino}]`);
    } catch {
      // Removed meanwhile.
    }
  }
  if (inodes.size === 0) return;
  const inside = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => inodes.has(netnsOf(pid)))
    .flatMap((pid) => identifyProcess(Number(pid)) ?? []);
  await Promise.all(inside.map((identity) => endProcess(identity, 2_000)));
}

function netnsOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}

/** Unmounts what is below the directory; says what to do about what stays mounted. */
async function unmountAll(directory: string): Promise<void> {
  try {
    await unmountBelow(directory);
  } catch (error) {
    if (!(error instanceof MountedError)) throw error;
    throw new ClusterError('failed', `${error.message}: unmount it and run "weir down" again`);
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
