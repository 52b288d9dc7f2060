/**
 * `weir down`: ends a cluster and removes every trace of it, whatever state it is in.
 *
 * Processes are found by pid files with their identity and by the network namespaces that they live
 * in, never by name. Before the state directory is removed everything mounted below it is unmounted:
 * pod roots hold the machine's own directories, and those must never be deleted through a mount.
 */
import { rmdirSync, statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { netnsOfCluster } from '../network/netns-names.ts';
import { removeNetwork } from '../network/virtual-network.ts';
import { takeChangeLock } from './change-lock.ts';
import { type ClusterLayout, clusterLayout, clustersDirectory, runRoot, stateRoot } from './cluster-layout.ts';
import { checkOwner } from './cluster-network.ts';
import { endProcessesInside, removeNodeContainers, unmountAll } from './node-remains.ts';
import { endProcess, readIdentity } from './process-identity.ts';
import { lockHolder } from './process-lock.ts';
import { endLeftOvers } from './supervisor.ts';

/** An orderly stop of all processes may take this long. */
const stopTimeoutMs = 20_000;

/** Removes the cluster. Answers false when nothing of it was there. Throws {@link ClusterError}. */
export async function downCluster(name: string): Promise<boolean> {
  const lock = await takeChangeLock(name);
  try {
    return await removeCluster(name);
  } finally {
    lock.release();
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
  await endProcessesInside(netnsOfCluster(name));
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

/** Containers of nodes that died. */
async function removeContainers(layout: ClusterLayout): Promise<void> {
  const nodes = join(layout.state, 'nodes');
  if (!exists(nodes)) return;
  for (const node of await readdir(nodes)) await removeNodeContainers(layout, node);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
