/**
 * Entities: who a packet comes from or goes to when it is not told apart by labels of pods.
 *
 * What is no pod has an identity of Cilium's own, known by labels of the source `reserved` (`pkg/labels`,
 * `pkg/identity`). Those that exist in a cluster of Weir are listed here with their labels; health endpoints, pods
 * without an identity yet, pods that Cilium does not manage and Envoy do not exist.
 */

/** The identities of what is no pod; the API server is on the pod's own node, on another one, or outside by family. */
export type ReservedIdentity =
  | 'host'
  | 'remoteNode'
  | 'world4'
  | 'world6'
  | 'apiServerOnHost'
  | 'apiServerOnNode'
  | 'apiServer4'
  | 'apiServer6';

/** The label that the addresses of the API server have besides. */
export const apiServerLabel = 'kube-apiserver';

/** The names of the reserved labels of each identity. */
export const reservedLabels: Readonly<Record<ReservedIdentity, readonly string[]>> = {
  host: ['host'],
  remoteNode: ['remote-node'],
  world4: ['world', 'world-ipv4'],
  world6: ['world', 'world-ipv6'],
  apiServerOnHost: ['host', apiServerLabel],
  apiServerOnNode: ['remote-node', apiServerLabel],
  apiServer4: ['world', 'world-ipv4', apiServerLabel],
  apiServer6: ['world', 'world-ipv6', apiServerLabel],
};

/** What an entity stands for; `everybody` leaves nothing out. */
export interface EntityMembers {
  readonly everybody?: true;
  readonly pods?: true;
  readonly identities: readonly ReservedIdentity[];
}

const nobody: EntityMembers = { identities: [] };

const entities: Readonly<Record<string, EntityMembers>> = {
  all: { everybody: true, identities: [] },
  world: { identities: ['world4', 'world6'] },
  'world-ipv4': { identities: ['world4'] },
  'world-ipv6': { identities: ['world6'] },
  cluster: { pods: true, identities: ['host', 'remoteNode', 'apiServer4', 'apiServer6'] },
  host: { identities: ['host'] },
  'remote-node': { identities: ['remoteNode'] },
  [apiServerLabel]: { identities: ['apiServerOnHost', 'apiServerOnNode', 'apiServer4', 'apiServer6'] },
  init: nobody,
  ingress: nobody,
  health: nobody,
  unmanaged: nobody,
  none: nobody,
};

/** The names of all entities. */
export const ciliumEntityNames: readonly string[] = Object.keys(entities);

/** Whether there is such an entity. */
export function isCiliumEntity(name: string): boolean {
  return Object.hasOwn(entities, name);
}

/** What an entity stands for; nobody where there is no such entity. */
export function membersOfEntity(name: string): EntityMembers {
  return (Object.hasOwn(entities, name) ? entities[name] : undefined) ?? nobody;
}
