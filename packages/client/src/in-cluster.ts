/** The API server of the cluster that this process runs in, by the service account of its pod. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ClusterConnection } from './connection.ts';
import { KubeconfigError } from './kubeconfig.ts';

/** Where Kubernetes mounts the service account. */
const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Reads what Kubernetes gives every container; the token is read again while it is used. Throws {@link KubeconfigError}. */
export async function inClusterConnection(
  environment: Readonly<Record<string, string | undefined>>,
  directory: string = serviceAccountDirectory,
): Promise<ClusterConnection> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (host === undefined || port === undefined) {
    const reason = 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set';
    throw new KubeconfigError('missing', `this process runs in no pod (${reason}); give a kubeconfig`);
  }
  const authority = await readFile(path.join(directory, 'ca.crt'), 'utf8').catch((error: unknown) => {
    throw new KubeconfigError(
      'unreadable',
      `the pod has no service account: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  });
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    certificateAuthority: authority,
    tokenFile: path.join(directory, 'token'),
  };
}
