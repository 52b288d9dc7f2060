/** The changes whose effect is timed: four kinds, each to allow and to deny. */
import { type KubeClient, namespacesPath, networkPoliciesPath, podsPath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import { clients, gatePolicy, openPort, otherPort, servers } from './workload.ts';

/** One kind of change; both requests answer the changed object. */
export interface Scenario {
  readonly name: string;
  allow(): Promise<KubeObject>;
  deny(): Promise<KubeObject>;
}

/** Changes of objects that are there. */
export function scenariosOf(client: KubeClient): readonly Scenario[] {
  const labelPod = (role: string): Promise<KubeObject> =>
    client.patch(podsPath(clients), 'client', { metadata: { labels: { role } } }, { type: 'merge' });
  const editPolicy = (port: number): Promise<KubeObject> => client.update(networkPoliciesPath(servers), gatePolicy(port));
  const labelNamespace = (access: string): Promise<KubeObject> =>
    client.patch(namespacesPath, clients, { metadata: { labels: { access } } }, { type: 'merge' });
  return [
    { name: 'pod label', allow: () => labelPod('client'), deny: () => labelPod('stranger') },
    { name: 'policy edit', allow: () => editPolicy(openPort), deny: () => editPolicy(otherPort) },
    { name: 'namespace label', allow: () => labelNamespace('granted'), deny: () => labelNamespace('none') },
  ];
}
