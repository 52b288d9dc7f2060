/** What selectors are asked about: a pod with its own addresses, and its labels by space. */
import type { Address, ProtocolNumber } from '@weir/net';
import type { LabelKey, LabelSpace } from './model.ts';
import type { OperatingSystem } from './profile.ts';

/** Labels by space; maps may be shared between endpoints and are never changed. */
export type LabelsBySpace = Readonly<Record<LabelSpace, Readonly<Record<string, string>>>>;

/** A port that a container of the pod declares with a name. */
export interface NamedPort {
  readonly name: string;
  readonly protocol: ProtocolNumber;
  readonly port: number;
}

/**
 * One pod as policies see it: not on the host's network and not finished (such pods are no
 * endpoints). A dual-stack pod has one address of each family.
 */
export interface Endpoint {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly node?: string;
  readonly addresses: readonly Address[];
  readonly labels: LabelsBySpace;
  readonly namedPorts: readonly NamedPort[];
}

/** `namespace/name`. */
export function podName({ namespace, name }: Pick<Endpoint, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

/** The key under which Weir knows the operating system of an endpoint's node; no pod can label itself into it. */
export const systemKey: LabelKey = { space: 'reserved', key: 'os' };

/** The key under which Weir knows the name of an endpoint's service account; absent where it has none. */
export const serviceAccountKey: LabelKey = { space: 'reserved', key: 'serviceAccount' };

/** The key under which Weir knows who runs an endpoint: `k8s` for every pod. */
export const orchestratorKey: LabelKey = { space: 'reserved', key: 'orchestrator' };

/** The operating system of the endpoint's node; Linux where nobody said. */
export function systemOfEndpoint({ labels }: Endpoint): OperatingSystem {
  return labels.reserved[systemKey.key] === 'windows' ? 'windows' : 'linux';
}
