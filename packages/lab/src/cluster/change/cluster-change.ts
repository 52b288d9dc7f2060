/** What a cluster is to become, as its description tells of it while the change is under way. */
import type { NetworkShape } from '../../network/network-shape.ts';
import type { ClusterEngine } from '../cluster-engine.ts';
import type { NamedNode } from '../cluster-node.ts';

/** Nodes that are replaced one after the other, beside those of other pools. */
export interface TargetPool {
  readonly nodes: readonly NamedNode[];
  /** Nodes that it has besides while it replaces its own, so that their pods have a place. */
  readonly surge: readonly NamedNode[];
  /** How many of its nodes are replaced at a time, at least 1. */
  readonly atOnce: number;
}

/** What is wished. */
export interface ClusterTarget {
  readonly engine: ClusterEngine;
  readonly pools: readonly TargetPool[];
  /** Whose addresses nodes get that come from now on; those that stay keep theirs. Absent: the cluster's network as it is. */
  readonly network?: NetworkShape;
  /** For how long the pods of a node are asked to go, in milliseconds: budgets may forbid it. */
  readonly drainMs: number;
}

/** A change that is under way, as the cluster's description tells of it. */
export interface ClusterChange {
  readonly target: ClusterTarget;
  /** Nodes that are gone and whose objects are still to be deleted. */
  readonly left: readonly string[];
}
