/** What selectors are asked about: a pod with its own addresses, and its labels by space. */
import type { Address, ProtocolNumber } from '@weir/net';
import type { LabelSpace } from './model.ts';

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
