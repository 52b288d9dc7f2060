import { type KubeClient, serviceAccountsPath } from '@weir/client';
import type { KubeObject } from '@weir/kube';

/** What the controllers of a cluster would make, for tests that run none: pods without tokens can start then. */
export async function makeTokenlessAccount(client: KubeClient): Promise<void> {
  const account: KubeObject & { readonly automountServiceAccountToken: boolean } = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
    automountServiceAccountToken: false,
  };
  await client.create(serviceAccountsPath('default'), account);
}
