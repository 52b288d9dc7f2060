/**
 * The Lease in which an agent publishes its report: one per node, in `kube-system`.
 *
 * A Lease is made for signs of life (coordination.k8s.io/v1, KEP-589): `renewTime` and
 * `leaseDurationSeconds` say how long the report counts. The report is an annotation.
 */
import { shortHash } from '@weir/net';
import type { KubeObject } from '../objects/object-meta.ts';
import { formatNodeReport, type NodeReport, parseNodeReport } from './node-report.ts';

/** coordination.k8s.io/v1 Lease: the fields that Weir reads and writes. */
export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** meta/v1 MicroTime. */
    readonly renewTime?: string;
  };
}

/** Where the Leases are. */
export const agentLeaseNamespace = 'kube-system';

const labels = { 'app.kubernetes.io/name': 'weir-agent' };

/** Selects the Leases of agents. */
export const agentLeaseSelector = 'app.kubernetes.io/name=weir-agent';

const annotation = 'weir/report';

/** Names of objects end here. */
const nameLimit = 253;

/** The name of a node's Lease. */
export function agentLeaseName(node: string): string {
  const name = `weir-agent-${node}`;
  return name.length <= nameLimit ? name : `${name.slice(0, nameLimit - 12)}-${shortHash(node)}`;
}

/** What a Lease is made of. */
export interface AgentLeaseParts {
  readonly node: string;
  readonly report: NodeReport;
  /** Milliseconds since the epoch, by the agent's clock. */
  readonly nowMs: number;
  readonly durationSeconds: number;
  /** UID of the Node object: the Lease goes when the node does. */
  readonly nodeUid?: string;
}

/** The whole Lease; what a merge patch of an existing one sets, too. */
export function makeAgentLease({ node, report, nowMs, durationSeconds, nodeUid }: AgentLeaseParts): Lease {
  const owner = nodeUid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid: nodeUid }] };
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: agentLeaseName(node), labels, annotations: { [annotation]: formatNodeReport(report) }, ...owner },
    spec: {
      holderIdentity: node,
      leaseDurationSeconds: durationSeconds,
      renewTime: new Date(nowMs).toISOString().replace('Z', '000Z'),
    },
  };
}

/** A Lease as read. */
export interface AgentLease {
  readonly node: string;
  /** Milliseconds since the epoch, by the agent's clock; NaN when it cannot be read. */
  readonly renewedMs: number;
  readonly durationMs: number;
  /** Undefined when it cannot be read: an agent of another version. */
  readonly report: NodeReport | undefined;
}

/** Reads a Lease of an agent; undefined when it does not say of which node it is. */
export function readAgentLease(lease: Lease): AgentLease | undefined {
  const { holderIdentity, leaseDurationSeconds, renewTime } = lease.spec ?? {};
  if (typeof holderIdentity !== 'string' || lease.metadata.name !== agentLeaseName(holderIdentity)) return undefined;
  const text = lease.metadata.annotations?.[annotation];
  return {
    node: holderIdentity,
    renewedMs: typeof renewTime === 'string' ? Date.parse(renewTime) : Number.NaN,
    durationMs: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1_000 : 0,
    report: typeof text === 'string' ? parseNodeReport(text) : undefined,
  };
}
