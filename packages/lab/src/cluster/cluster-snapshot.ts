/**
 * `weir snapshot`: what the control plane of a cluster has stored, as a file and back.
 *
 * A snapshot is taken beside the control plane. It is put back while the control plane is held: its clients (nodes,
 * agents, controllers, people) find it again a moment later, are told that their watches have to begin anew, and go
 * on from what the snapshot says. The command ends when the API server serves that.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SnapshotHeader } from '@weir/apiserver';
import { lastLogLines } from './bounded-log.ts';
import { takeChangeLock } from './change-lock.ts';
import { readClusterConfig } from './cluster-config.ts';
import { ClusterError } from './cluster-error.ts';
import { type ClusterLayout, clusterLayout } from './cluster-layout.ts';
import { ClusterStatusReader } from './cluster-status.ts';
import { isAlive, readIdentity } from './process-identity.ts';
import { lockHolder } from './process-lock.ts';
import { askSupervisor } from './supervisor-socket.ts';

const controlPlane = 'control-plane';

/** How long the API server may take to serve again; a store of 20 000 pods takes it less than a second. */
const servedAgainMs = 60_000;

/** Writes a snapshot of the cluster's store to a file. Throws {@link ClusterError}. */
export async function saveClusterSnapshot(name: string, file: string): Promise<SnapshotHeader> {
  const layout = await storeOf(name);
  const { saveStoreSnapshot } = await import('@weir/apiserver');
  return explained(`the snapshot cannot be written to ${file}`, saveStoreSnapshot(layout.store, file));
}

/**
 * Replaces what the cluster has stored by what a snapshot holds, whether the cluster runs or not. Throws
 * {@link ClusterError}, `invalid` for a file that is refused; nothing is changed then.
 */
export async function loadClusterSnapshot(name: string, file: string): Promise<SnapshotHeader> {
  const lock = await takeChangeLock(name);
  try {
    const layout = await storeOf(name);
    const { loadStoreSnapshot } = await import('@weir/apiserver');
    return await whileHeld(name, layout, () =>
      explained(`the snapshot ${file} is not loaded, and nothing is changed`, loadStoreSnapshot(layout.store, file)),
    );
  } finally {
    lock.release();
  }
}

async function storeOf(name: string): Promise<ClusterLayout> {
  if ((await readClusterConfig(name)) === undefined) {
    throw new ClusterError('not-found', `there is no cluster "${name}" (weir status lists them)`);
  }
  const layout = clusterLayout(name);
  if (!existsSync(join(layout.store, 'data.mdb'))) {
    throw new ClusterError('failed', `cluster "${name}" has not stored anything yet; start it with: weir up --name ${name}`);
  }
  return layout;
}

/** Nobody has the store open while `action` runs. */
async function whileHeld<T>(name: string, layout: ClusterLayout, action: () => Promise<T>): Promise<T> {
  if (lockHolder(layout.supervisorLock) === undefined) {
    const identity = readIdentity(join(layout.pids, `${controlPlane}.json`));
    if (identity === undefined || !isAlive(identity)) return action();
    throw new ClusterError(
      'failed',
      `the control plane of cluster "${name}" runs without its supervisor; mend that with: weir up --name ${name}`,
    );
  }
  await askSupervisor(layout.supervisorSocket, 'POST', `/children/${controlPlane}/hold`);
  try {
    return await action();
  } finally {
    await askSupervisor(layout.supervisorSocket, 'POST', `/children/${controlPlane}/start`);
    await waitUntilServed(name, layout);
  }
}

/** The control plane that was held is gone, so whoever answers has opened the store after it was changed. */
async function waitUntilServed(name: string, layout: ClusterLayout): Promise<void> {
  const deadlineMs = Date.now() + servedAgainMs;
  const reader = new ClusterStatusReader(name);
  try {
    while ((await reader.read('uncounted'))?.apiServer.ready !== true) {
      if (Date.now() > deadlineMs) {
        const lines = lastLogLines(layout.log(controlPlane), 12).map((line) => `\n  ${line}`);
        const text = `the API server of cluster "${name}" does not serve again after ${servedAgainMs / 1_000} s`;
        throw new ClusterError('failed', `${text}; the end of its log:${lines.join('')}`);
      }
      await sleep(50);
    }
  } finally {
    reader.close();
  }
}

async function explained<T>(what: string, action: Promise<T>): Promise<T> {
  const { SnapshotError } = await import('@weir/apiserver');
  try {
    return await action;
  } catch (error) {
    if (error instanceof SnapshotError) throw new ClusterError('invalid', `${what}: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new ClusterError(code === 'ENOENT' || code === 'EISDIR' ? 'invalid' : 'failed', `${what}: ${(error as Error).message}`);
  }
}
