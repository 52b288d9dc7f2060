/** The answer to a request for credentials: a kubeconfig with AKS's names (reference §3.7). */
import type { ClusterCredential, CredentialKind } from './cluster-host.ts';
import type { ManagedCluster } from './managed-cluster.ts';

/** The body; JSON is YAML, and az reads it as such. */
export function credentialBody({ group, name }: ManagedCluster, kind: CredentialKind, credential: ClusterCredential): object {
  const user = `${kind === 'admin' ? 'clusterAdmin' : 'clusterUser'}_${group}_${name}`;
  const kubeconfig = {
    apiVersion: 'v1',
    clusters: [{ cluster: { 'certificate-authority-data': base64(credential.certificateAuthority), server: credential.server }, name }],
    contexts: [{ context: { cluster: name, user }, name }],
    'current-context': name,
    kind: 'Config',
    preferences: {},
    users: [{ name: user, user: { 'client-certificate-data': base64(credential.certificate), 'client-key-data': base64(credential.key) } }],
  };
  return { kubeconfigs: [{ name: kind === 'admin' ? 'clusterAdmin' : 'clusterUser', value: base64(JSON.stringify(kubeconfig)) }] };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
