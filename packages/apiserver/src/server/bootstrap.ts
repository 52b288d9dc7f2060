/** What every cluster has from the start: the four namespaces of the system. */

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
}
