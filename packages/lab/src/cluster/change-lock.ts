/** One change of a cluster at a time: who changes it holds its change lock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { busyError } from './cluster-error.ts';
import { clusterLayout } from './cluster-layout.ts';
import { lockHolder, type ProcessLock, takeProcessLock } from './process-lock.ts';

/** The supervisor holds it only for as long as it settles what somebody has left in the middle. */
const supervisorMs = 60_000;

/** Takes the lock of a cluster, which need not exist. Throws {@link ClusterError} `busy` when another command has it. */
export async function takeChangeLock(cluster: string): Promise<ProcessLock> {
  const { changeLock, supervisorLock } = clusterLayout(cluster);
  for (const deadlineMs = Date.now() + supervisorMs; ; await sleep(50)) {
    const taken = takeProcessLock(changeLock);
    if ('lock' in taken) return taken.lock;
    const isSupervisors = lockHolder(supervisorLock)?.pid === taken.holder.pid;
    if (!isSupervisors || Date.now() > deadlineMs) throw busyError(cluster, taken.holder.pid);
  }
}
