/** What `weir diff` answers, as plain values: `weir diff -o json` prints this as it is. */
import type { ProtocolTraffic } from '@weir/connectivity';
import type { DirectionJson } from '@weir/model';
import type { Family } from '@weir/net';

/** One end, or all addresses of a block. */
export interface ChangedEndJson {
  /** `workload` and `pod` by `namespace/name`, `node` by its name, `outside` as a block or an address; `own node` is that of each pod. */
  readonly kind: 'workload' | 'pod' | 'node' | 'own node' | 'outside';
  readonly name: string;
}

/** Some traffic. */
export interface ChangedTrafficJson {
  /** `TCP 80, 443; UDP 53`, `all traffic`, `no traffic`. */
  readonly text: string;
  readonly protocols: readonly ProtocolTraffic[];
}

/** What decided before, and what decides now. */
export interface ChangeCauseJson {
  /** Whose say it is: that of the source's policies, of the destination's, or of a host endpoint on the way. */
  readonly direction: 'egress' | 'ingress' | 'host';
  readonly traffic: ChangedTrafficJson;
  readonly before: DirectionJson;
  readonly after: DirectionJson;
  /** For people. */
  readonly text: string;
}

/**
 * What becomes of connections: there were none and are some, the other way round, more than there were, fewer, some more
 * and some fewer; `uncertain`: it may be so or not, for want of a fact.
 */
export type ConnectionChange = 'added' | 'removed' | 'widened' | 'narrowed' | 'changed' | 'uncertain';

/** Connections from each of the sources to each of the destinations (but from none to itself), with the same change. */
export interface ChangedConnectionJson {
  readonly change: ConnectionChange;
  /** Over which of the families that were compared. */
  readonly families: readonly Family[];
  readonly sources: readonly ChangedEndJson[];
  readonly destinations: readonly ChangedEndJson[];
  /** The ends in few words. */
  readonly from: string;
  readonly to: string;
  /** What was allowed for certain, and what is. */
  readonly before: ChangedTrafficJson;
  readonly after: ChangedTrafficJson;
  readonly gained: ChangedTrafficJson;
  readonly lost: ChangedTrafficJson;
  /** What may be gained or lost, for want of a fact that the causes name. */
  readonly mayBeGained: ChangedTrafficJson;
  readonly mayBeLost: ChangedTrafficJson;
  /** Empty where an end is on one side only. */
  readonly causes: readonly ChangeCauseJson[];
  /** How many pairs of ends it is about; a block of addresses is one end. */
  readonly pairs: number;
}

/** Pairs of ends by what becomes of them. */
export type DiffSummaryJson = Readonly<Record<ConnectionChange, number>> & {
  /** How many workloads, or pods of none, are on the new side only. */
  readonly workloadsAdded: number;
  readonly workloadsRemoved: number;
};

/** The whole answer. */
export interface DiffJson {
  readonly profiles: { readonly before: string; readonly after: string };
  /** What is to be known of a side beside the answer, as lines for people: what is broken or refused there, and so left out of the comparison. */
  readonly notices: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly summary: DiffSummaryJson;
  /** Between ends that are on both sides: those that gained something first, largest blocks first. */
  readonly connections: readonly ChangedConnectionJson[];
  /** The workloads, or pods of none, that are on one side only, with their connections. */
  readonly workloads: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly connectionsAdded: readonly ChangedConnectionJson[];
    readonly connectionsRemoved: readonly ChangedConnectionJson[];
  };
}
