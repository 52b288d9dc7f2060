/** Ends the processes of a cluster and keeps the cluster: `up` starts it again as it was. */
import { setTimeout as sleep } from 'node:timers/promises';
import { takeChangeLock } from './change-lock.ts';
import { ClusterError } from './cluster-error.ts';
import { clusterLayout } from './cluster-layout.ts';
import { lockHolder } from './process-lock.ts';
import { askSupervisor, SupervisorUnreachable } from './supervisor-socket.ts';

const stopMs = 30_000;

/** Resolves when nothing of it runs. Throws {@link ClusterError}. */
export async function stopCluster(name: string): Promise<void> {
  const layout = clusterLayout(name);
  const lock = await takeChangeLock(name);
  try {
    await askSupervisor(layout.supervisorSocket, 'POST', '/stop').catch((error: unknown) => {
      if (!(error instanceof SupervisorUnreachable)) throw error;
    });
    for (const deadlineMs = Date.now() + stopMs; lockHolder(layout.supervisorLock) !== undefined; await sleep(50)) {
      if (Date.now() > deadlineMs) throw new ClusterError('failed', `cluster "${name}" has not stopped after ${stopMs / 1_000} s`);
    }
  } finally {
    lock.release();
  }
}
