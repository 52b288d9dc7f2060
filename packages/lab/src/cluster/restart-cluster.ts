/** Starts a cluster again that is there: as it was, and with a change completed that was cut off. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { carryOutChange } from './change/change-cluster.ts';
import { takeChangeLock } from './change-lock.ts';
import { type ClusterConfig, readClusterConfig } from './cluster-config.ts';
import { ClusterError } from './cluster-error.ts';
import { writeClusterFiles } from './cluster-files.ts';
import { type ClusterLayout, clusterLayout } from './cluster-layout.ts';
import { checkOwner } from './cluster-network.ts';
import type { ClusterStatus } from './cluster-status.ts';
import { isAlive, readIdentity } from './process-identity.ts';
import { lockHolder } from './process-lock.ts';
import { ensureRunning, type StartOptions, startAndWait } from './start-cluster.ts';

/** Resolves when all of it is ready. Throws {@link ClusterError}. */
export async function restartCluster(name: string, options: StartOptions): Promise<ClusterStatus> {
  const lock = await takeChangeLock(name);
  try {
    checkOwner(name);
    return await startAsDescribed(await described(name), options);
  } finally {
    lock.release();
  }
}

/**
 * Gives a cluster whose supervisor has died a new one, so that its processes are looked after again; one that does not run
 * stays so. Throws {@link ClusterError}.
 */
export async function reviveCluster(name: string, options: StartOptions): Promise<void> {
  const layout = clusterLayout(name);
  const config = await readClusterConfig(name);
  if (config === undefined || lockHolder(layout.supervisorLock) !== undefined || !(await hasProcesses(layout))) return;
  const lock = await takeChangeLock(name);
  try {
    await ensureRunning(config, options);
  } finally {
    lock.release();
  }
}

async function hasProcesses({ pids }: ClusterLayout): Promise<boolean> {
  const files = existsSync(pids) ? await readdir(pids) : [];
  return files.some((file) => {
    const identity = readIdentity(join(pids, file));
    return identity !== undefined && isAlive(identity);
  });
}

/** As {@link restartCluster}, for callers that hold the cluster's change lock. */
export async function startAsDescribed(config: ClusterConfig, options: StartOptions): Promise<ClusterStatus> {
  // What a rotation of certificates that was cut off has taken away is made again.
  if (lockHolder(clusterLayout(config.name).supervisorLock) === undefined) await writeClusterFiles(config);
  if (config.change === undefined) return startAndWait(config, options);
  await carryOutChange(config, options);
  return startAndWait(await described(config.name), options);
}

async function described(name: string): Promise<ClusterConfig> {
  const config = await readClusterConfig(name);
  if (config === undefined) throw new ClusterError('not-found', `there is no cluster "${name}"`);
  return config;
}
