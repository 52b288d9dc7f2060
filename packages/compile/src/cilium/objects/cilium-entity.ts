/**
 * Entities: who a packet comes from or goes to when it is not told apart by labels of pods.
 *
 * What is no pod has an identity of Cilium's own, known by labels of the source `reserved` (`pkg/labels`,
 * `pkg/identity`). Those that exist in a cluster of Weir are listed here with their labels; health endpoints, pods
 * without an identity yet, pods that Cilium does not manage and Envoy do not exist.
 */

/** The identities of what is no pod. */
export type ReservedIdentity = 'host' | 'remoteNode' | 'world4' | 'world6' | 'apiServer';

/** The names of the reserved labels of each identity. */
export const reservedLabels: Readonly<Record<ReservedIdentity, readonly string[]>> = {
  host: ['host'],
  remoteNode: ['remote-node'],
  world4: ['world', 'world-ipv4'],
  world6: ['world', 'world-ipv6'],
  apiServer: ['kube-apiserver'],
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
  cluster: { pods: true, identities: ['host', 'remoteNode', 'apiServer'] },
  host: { identities: ['host'] },
  'remote-node': { identities: ['remoteNode'] },
  'kube-apiserver': { identities: ['apiServer'] },
  init: nobody,
  ingress: nobody,
  health: nobody,
  unmanaged: nobody,
  none: nobody,
};

/** Whether there is such an entity. */
export function isCiliumEntity(name: string): boolean {
  return Object.hasOwn(entities, name);
}

/** What an entity stands for; nobody where there is no such entity. */
export function membersOfEntity(name: string): EntityMembers {
  return (Object.hasOwn(entities, name) ? entities[name] : undefined) ?? nobody;
}
