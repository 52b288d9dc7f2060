/**
 * What the matrix says: who may open connections to whom, on what, by classes of equal ends. Every way to
 * print it is made from this shape alone.
 *
 * A connection that is not there is denied. What depends on a fact that nobody told stands apart, with the fact.
 */
import type { ProtocolTraffic } from '@weir/connectivity';
import type { Family } from '@weir/net';

/** The matrix as people and programs get it. */
export interface MatrixReport {
  /** The engine whose reading of policies this is. */
  readonly profile: string;
  /** All that connections are from or to, pods first, then nodes, then addresses outside. */
  readonly ends: readonly MatrixEnd[];
  /** What is certainly allowed, by the order of the ends. */
  readonly connections: readonly MatrixConnection[];
  /** What is allowed or denied, depending on facts that are missing. */
  readonly unknown: readonly UnknownConnection[];
  /** Who reaches each port of each service. */
  readonly services: readonly ServiceReach[];
  /** Where connections come into the cluster. */
  readonly entryPoints: readonly EntryPoint[];
  /** Pods on the host's network: they have no policies and no address of their own, and share those of their node. */
  readonly hostPods: readonly HostPod[];
  /** Absent when nobody asked. */
  readonly exposure?: Exposure;
  readonly summary: MatrixSummary;
}

/**
 * What pods that are not among the objects could reach and be reached by. They are named in brackets:
 * `[another namespace]/[any pod]`, `shop/[any other pod]`, `shop/[pod with app=db]`.
 */
export interface Exposure {
  /** Of both sides. */
  readonly ends: readonly MatrixEnd[];
  readonly connections: readonly MatrixConnection[];
}

/** Ends that no policy tells apart. */
export interface MatrixEnd {
  /** Unique in the report. */
  readonly name: string;
  readonly kind: 'pods' | 'nodes' | 'outside';
  readonly families: readonly Family[];
  /** Of pods: what makes them; a pod that nobody manages is a workload of its own. */
  readonly workloads: readonly MatrixWorkload[];
  /** Of nodes: their names. */
  readonly nodes: readonly string[];
  /** Of addresses outside: the fewest blocks that hold them. */
  readonly blocks: readonly string[];
  /** Of addresses outside: known hosts among them, by name. */
  readonly hosts: readonly string[];
}

/** The pods of one workload in one class. */
export interface MatrixWorkload {
  /** `Deployment`, `Pod`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Their names; of a planned one the name of the workload. */
  readonly pods: readonly string[];
  /** How many pods they stand for. */
  readonly copies: number;
  /** Whether these are all that the workload has. */
  readonly isWhole: boolean;
}

/** Connections of all pairs of two ends; of an end and itself: of different members of it. */
export interface MatrixConnection {
  /** Names of ends. */
  readonly from: string;
  readonly to: string;
  readonly families: readonly Family[];
  /** In words: `TCP 80, 8000-8080; UDP 53`. */
  readonly traffic: string;
  /** As data; of both families where the words are the same. */
  readonly protocols: readonly ProtocolTraffic[];
}

/** Connections that may be allowed. */
export interface UnknownConnection extends MatrixConnection {
  /** What would have to be known, for a pair of the ends. */
  readonly missing: string;
}

/** One port of one service. */
export interface ServiceReach {
  /** `namespace/name`. */
  readonly service: string;
  readonly type: string;
  readonly port: number;
  readonly protocol: string;
  /** Absent where the port has none. */
  readonly portName?: string;
  readonly families: readonly Family[];
  /** The ends that the service's pods belong to, which of each they are in words, and the ports that they are asked on. */
  readonly backends: readonly { readonly end: string; readonly members: string; readonly port: number }[];
  /** The ends from which every backend is reached. */
  readonly reachedFrom: readonly string[];
  /** The ends from which some of the backends are reached, and others not, or perhaps not. */
  readonly partlyFrom: readonly string[];
  /** The ends from which all that is reached is reached perhaps. */
  readonly perhapsFrom: readonly string[];
}

/** A way into the cluster, to one port of a service. */
export interface EntryPoint {
  /** `Ingress`, a route of the Gateway API or of OpenShift by its kind, the type of a service, or `external address`. */
  readonly kind: string;
  /** `namespace/name` of the object. */
  readonly name: string;
  /** The names that it answers to, or the addresses that it has; empty: not known, or any. */
  readonly hosts: readonly string[];
  readonly path?: string;
  /** `namespace/name` of the service that it leads to. */
  readonly service: string;
  /** The service's; absent where there is no such service or port. */
  readonly port?: number;
  readonly protocol: string;
  /** Those that the service is told for; empty where there is no such service. */
  readonly families: readonly Family[];
  /** Whom the policies of the backends see: the client, the client or the node that it asked, or the pods of the controller. */
  readonly seenAs: 'client' | 'client or node' | 'controller';
  /** The ends among those that reach every backend. */
  readonly admitted: readonly string[];
  /** What it depends on. */
  readonly facts: readonly string[];
}

/** A pod on the host's network. */
export interface HostPod {
  readonly pod: string;
  /** Absent where nobody told. */
  readonly node?: string;
}

/** How much the matrix holds. */
export interface MatrixSummary {
  /** Pods, planned ones counted as often as there will be. */
  readonly pods: number;
  /** Classes of pods. */
  readonly classes: number;
  readonly connections: number;
  readonly unknown: number;
  /** Whether pods reach the node that they run on whatever their policies say; nodes always reach their own pods. */
  readonly podsReachOwnNode: boolean;
  /** Names of the domain name system that rules let through and nobody resolved: connections to their addresses are not among the others. */
  readonly unresolvedNames: readonly string[];
}
