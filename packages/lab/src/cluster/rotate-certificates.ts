/**
 * Another authority and other certificates for a cluster that is stopped, or another key for the tokens of its service
 * accounts. What was issued before is worth nothing from the next start on.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { serviceAccountKeyFile } from '../pki/cluster-pki.ts';
import { takeChangeLock } from './change-lock.ts';
import { readClusterConfig } from './cluster-config.ts';
import { ClusterError } from './cluster-error.ts';
import { writeClusterFiles } from './cluster-files.ts';
import { clusterLayout } from './cluster-layout.ts';
import { lockHolder } from './process-lock.ts';

/** What becomes worthless. */
export type RotatedSecrets = 'certificates' | 'service-account-key';

/** Rotates them; cut off, what is missing is made at the next start. Throws {@link ClusterError} for a cluster that runs. */
export async function rotateCertificates(name: string, what: RotatedSecrets): Promise<void> {
  const layout = clusterLayout(name);
  const lock = await takeChangeLock(name);
  try {
    const config = await readClusterConfig(name);
    if (config === undefined) throw new ClusterError('not-found', `there is no cluster "${name}"`);
    if (lockHolder(layout.supervisorLock) !== undefined) throw new ClusterError('busy', `cluster "${name}" runs: stop it first`);
    for (const file of await readdir(layout.pki)) {
      if ((file === serviceAccountKeyFile) === (what === 'service-account-key')) await rm(join(layout.pki, file), { force: true });
    }
    await writeClusterFiles(config);
  } finally {
    lock.release();
  }
}
