/**
 * Writes a kubeconfig: what `kubectl`, the nodes and the agents read to reach the API server.
 *
 * The certificates are embedded, so that one file is all that a client needs. The file is JSON,
 * which is YAML 1.2 as well; it holds a private key and has mode 0600.
 */
import type { KeyPairPem } from './certificate-authority.ts';
import { writePrivateFile } from './private-file.ts';

/** What a kubeconfig says. */
export interface KubeconfigOptions {
  /** Name of the cluster, the context and the base of the user's name. */
  readonly cluster: string;
  /** Name of the user entry; only a label inside the file. */
  readonly user: string;
  /** `https://host:port` of the API server. */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly certificateAuthority: string;
  /** The client's own certificate and key. */
  readonly client: KeyPairPem;
}

/** The text of a kubeconfig. */
export function renderKubeconfig(options: KubeconfigOptions): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: options.cluster,
        cluster: { server: options.server, 'certificate-authority-data': base64(options.certificateAuthority) },
      },
    ],
    users: [
      {
        name: options.user,
        user: {
          'client-certificate-data': base64(options.client.certificate),
          'client-key-data': base64(options.client.key),
        },
      },
    ],
    contexts: [{ name: options.cluster, context: { cluster: options.cluster, user: options.user } }],
    'current-context': options.cluster,
    preferences: {},
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Writes the kubeconfig with mode 0600, replacing an older one atomically. */
export async function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  await writePrivateFile(path, renderKubeconfig(options));
}
