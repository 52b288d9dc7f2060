/** The endpoint as a process: one on a machine, until it is told to end. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClusterError, createCertificateAuthority, issueServerCertificate, takeProcessLock, writePrivateFile } from '@weir/lab';
import { LabClusterHost } from '../lab/lab-cluster-host.ts';
import { startArm } from '../start-arm.ts';
import { armLayout } from './arm-layout.ts';
import { readSignIn, writeSignIn } from './sign-in.ts';
import { usablePort } from './usable-port.ts';

/** How to run. */
export interface RunArmOptions {
  /** How to start weir itself: program and first arguments. */
  readonly command: readonly string[];
  /** Aborted to end in order. */
  readonly signal: AbortSignal;
  /** Told what happens, a line at a time. */
  readonly log: (text: string) => void;
}

/** Runs until `signal` is aborted. Throws {@link ClusterError} when another one runs. */
export async function runArm({ command, signal, log }: RunArmOptions): Promise<void> {
  const layout = armLayout();
  const taken = takeProcessLock(layout.lock);
  if ('holder' in taken) throw new ClusterError('busy', `the ARM endpoint runs already (process ${taken.holder.pid})`);
  try {
    await ensureCertificate();
    const known = readSignIn(layout.signIn);
    const port = await usablePort(known?.port ?? 0);
    if (known !== undefined && port !== known.port) {
      log(
        `port ${known.port} is another program's now: the endpoint takes another one; who has signed in with az runs "weir az-login" again`,
      );
    }
    const host = new LabClusterHost({ command, onProgress: log });
    const arm = await startArm({
      directory: layout.state,
      tls: { certificate: readFileSync(layout.certificate, 'utf8'), key: readFileSync(layout.key, 'utf8') },
      port,
      host,
      onFault: (error) => log(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    });
    const { newSecret, identity, clusters } = arm.state;
    for (const cluster of clusters.list()) void host.revive(cluster);
    const application = identity.principals[0]?.application ?? '';
    // Written last: who waits for it finds everything else.
    const secret = newSecret ?? known?.secret ?? '';
    await writePrivateFile(layout.secret, secret);
    await writeSignIn(layout.signIn, { port: arm.port, application, tenant: identity.tenant, secret });
    log(`the ARM endpoint listens at ${arm.base}`);
    await aborted(signal);
    await arm.close();
  } finally {
    taken.lock.release();
  }
}

/** The endpoint's own authority: az is told of it, and of no other. */
async function ensureCertificate(): Promise<void> {
  const layout = armLayout();
  if (existsSync(layout.certificate)) return;
  await mkdir(dirname(layout.certificate), { recursive: true, mode: 0o700 });
  const authority = await createCertificateAuthority('weir-arm');
  const names = { dns: ['localhost'], ip: ['127.0.0.1'] };
  const pair = await issueServerCertificate(authority, { commonName: 'localhost', organizations: [] }, names);
  await writePrivateFile(layout.authority, authority.certificate);
  await writePrivateFile(layout.key, pair.key);
  await writePrivateFile(layout.certificate, pair.certificate);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
