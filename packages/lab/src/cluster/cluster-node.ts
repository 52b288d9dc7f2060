/** One node of a cluster: how it is asked for, and where it is put. */
import { type NetworkShape, nodePlace, nodesMax } from '../network/network-shape.ts';
import type { NodeIdentity } from '../node/node-options.ts';
import type { ClusterEngine } from './cluster-engine.ts';

/** What a node is for Kubernetes; both are network namespaces of this machine. */
export type NodeSystem = 'linux' | 'windows';

/** One node. */
export interface ClusterNode {
  readonly name: string;
  /** Absent: Linux. */
  readonly system?: NodeSystem | undefined;
  /** IPv4 first; one of each family at most. */
  readonly addresses: readonly string[];
  readonly podBlocks: readonly string[];
  /** What enforces policies on this node while a cluster goes from one engine to another; absent: the cluster's engine. */
  readonly engine?: ClusterEngine | undefined;
  /** What the node says of itself beside what every node says. */
  readonly identity?: NodeIdentity | undefined;
  /** What it was made from; a node that is to be made from something else is replaced. */
  readonly revision?: string | undefined;
  /** Whether it is there only while others are replaced. */
  readonly temporary?: boolean | undefined;
}

/** A node by a name of its own. */
export interface NamedNode {
  readonly name: string;
  readonly system: NodeSystem;
  readonly identity?: NodeIdentity;
  /** What enforces policies on it; absent: the cluster's engine. */
  readonly engine?: ClusterEngine;
  /** What it is made from, in words of whoever asks for it. */
  readonly revision?: string;
}

/** The node at a place of the network, counted from 0. Undefined: there is no such place. */
export function planNode(
  network: NetworkShape,
  { name, system, identity, engine, revision }: NamedNode,
  index: number,
): ClusterNode | undefined {
  const place = nodePlace(network, index);
  if (place === undefined) return undefined;
  return {
    name,
    ...place,
    ...(system === 'windows' ? { system } : {}),
    ...(identity === undefined ? {} : { identity }),
    ...(engine === undefined ? {} : { engine }),
    ...(revision === undefined ? {} : { revision }),
  };
}

/** The nodes of a cluster and the network that they are in. */
export interface ClusterPlaces {
  readonly nodes: readonly ClusterNode[];
  readonly network: NetworkShape;
}

/** A further node, at the first place that no other one has. Undefined: there is no room for it. */
export function planFurtherNode({ nodes, network }: ClusterPlaces, node: NamedNode): ClusterNode | undefined {
  const taken = new Set(nodes.flatMap(({ addresses }) => addresses));
  const places = Array.from({ length: nodesMax }, (_, index) => planNode(network, node, index));
  return places.find((place) => place !== undefined && !place.addresses.some((address) => taken.has(address)));
}
