/** Starts a cluster again that is there: as it was, and with a change completed that was cut off. */
import { carryOutChange } from './change/change-cluster.ts';
import { type ClusterConfig, readClusterConfig } from './cluster-config.ts';
import { busyError, ClusterError } from './cluster-error.ts';
import { writeClusterFiles } from './cluster-files.ts';
import { clusterLayout } from './cluster-layout.ts';
import { checkOwner } from './cluster-network.ts';
import type { ClusterStatus } from './cluster-status.ts';
import { lockHolder, takeProcessLock } from './process-lock.ts';
import { type StartOptions, startAndWait } from './start-cluster.ts';

/** Resolves when all of it is ready. Throws {@link ClusterError}. */
export async function restartCluster(name: string, options: StartOptions): Promise<ClusterStatus> {
  const taken = takeProcessLock(clusterLayout(name).changeLock);
  if ('holder' in taken) throw busyError(name, taken.holder.pid);
  try {
    checkOwner(name);
    return await startAsDescribed(await described(name), options);
  } finally {
    taken.lock.release();
  }
}

/** The same, for callers that hold the cluster's change lock. */
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
