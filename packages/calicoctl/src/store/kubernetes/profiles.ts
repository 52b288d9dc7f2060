/** Profiles: of namespaces and of service accounts, and the one that allows everything. */
import { namespacesPath, serviceAccountsPath } from '@weir/client';
import { allowAllProfile, namespaceProfile, serviceAccountProfile } from '@weir/compile';
import { type KubernetesKind, listPages } from './kubernetes-kind.ts';

export const profiles: KubernetesKind = {
  list: async (client) => {
    const [namespaces, accounts] = await Promise.all([listPages(client, namespacesPath), listPages(client, serviceAccountsPath())]);
    const all = [allowAllProfile, ...namespaces.items.map(namespaceProfile), ...accounts.items.map(serviceAccountProfile)];
    return all.map((each) => ({ ...each, spec: { ...each.spec } }));
  },
};
