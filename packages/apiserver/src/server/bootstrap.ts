/** What every cluster has from the start: the namespaces of the system and the service of the API server. */

import { defined } from '@weir/net';
import { keyOf, type RestContext } from '../rest/rest-context.ts';
import { createObject } from '../rest/store-object.ts';

const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Makes what is missing; runs before the first request. */
export async function ensureSystemObjects(context: RestContext): Promise<void> {
  const definition = defined(context.registry.find('', 'v1', 'namespaces'), 'namespaces are always served');
  await context.store.write((transaction) => {
    for (const name of systemNamespaces) {
      if (transaction.get(keyOf(definition, '', name)) !== undefined) continue;
      const target = { definition, namespace: '', name: '', subresource: '' };
      createObject({ context, transaction, target, dryRun: false }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
  });
  await ensureKubernetesService(context);
}

/** `default/kubernetes` gets the first address of the range; its endpoints are the cluster's business. */
async function ensureKubernetesService(context: RestContext): Promise<void> {
  const definition = defined(context.registry.find('', 'v1', 'services'), 'services are always served');
  const name = 'kubernetes';
  await context.store.write((transaction) => {
    if (transaction.get(keyOf(definition, 'default', name)) !== undefined) return;
    const target = { definition, namespace: 'default', name: '', subresource: '' };
    createObject(
      { context, transaction, target, dryRun: false },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, labels: { component: 'apiserver', provider: 'kubernetes' } },
        spec: { type: 'ClusterIP', ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: 6443 }] },
      },
    );
  });
}
