/** What an agent says of itself; the answer of `GET /v1/health`. */
import type { PartlyKnownPolicy, RefusedObject, RefusedPolicy } from '@weir/calc';
import type { MemoryReport } from './memory/memory-guard.ts';
import type { QuarantinedEndpoint } from './start-gate/endpoints-in-force.ts';

/** A policy whose newest version is not in force, and what is instead. */
interface RefusedPolicyReport {
  readonly kind: string;
  /** `namespace/name`, or the name of one of the cluster. */
  readonly policy: string;
  readonly reasons: readonly string[];
  /** `accepted`: its last accepted version; `closed`: it isolates what it selects and allows nothing; `nothing`: as the engine does; `elsewhere`: itself, but for pods that policies without an order with it select, too. */
  readonly inForce: 'accepted' | 'closed' | 'nothing' | 'elsewhere';
}

/** A policy in force without fields that are not known to this release. */
interface PartlyKnownReport {
  readonly kind: string;
  readonly policy: string;
  readonly reasons: readonly string[];
}

/** A pod whose rules the data plane cannot enforce; it is closed or keeps the rules of before. */
interface QuarantineReport {
  readonly pod: string;
  readonly reason: string;
}

/** A host endpoint that is not enforced as policies say. */
interface HostReport {
  readonly host: string;
  readonly reason: string;
}

/** An object of the API server that cannot be read and counts as not there. */
interface UnreadableReport {
  /** `Pod namespace/name` or `Namespace name`. */
  readonly object: string;
  readonly reason: string;
}

/** What `GET /v1/health` answers. */
export interface AgentHealth {
  readonly node: string;
  /** Whether a whole state is in force and the last change came through. */
  readonly ready: boolean;
  /** Why it is not ready, one sentence each. */
  readonly notReady: readonly string[];
  readonly synced: boolean;
  readonly connected: boolean;
  readonly dataplane: string;
  readonly profile: string;
  readonly transactions: number;
  readonly failuresInARow: number;
  readonly lastError?: string;
  readonly endpoints: number;
  readonly memory: MemoryReport;
  /** How many of the lists below there are. */
  readonly counts: {
    readonly refused: number;
    readonly partlyKnown: number;
    readonly quarantined: number;
    readonly unreadable: number;
    readonly hosts: number;
  };
  readonly refused: readonly RefusedPolicyReport[];
  readonly partlyKnown: readonly PartlyKnownReport[];
  readonly quarantined: readonly QuarantineReport[];
  readonly hosts: readonly HostReport[];
  readonly unreadable: readonly UnreadableReport[];
}

/** Refused policies as they are reported. */
export function refusedReports(refused: readonly RefusedPolicy[]): readonly RefusedPolicyReport[] {
  return refused.map((policy) => ({ ...saidOf(policy), inForce: policy.inForce }));
}

/** Policies in force without fields as they are reported. */
export function partlyKnownReports(policies: readonly PartlyKnownPolicy[]): readonly PartlyKnownReport[] {
  return policies.map(saidOf);
}

function saidOf({ kind, object: { metadata }, diagnostics }: PartlyKnownPolicy): PartlyKnownReport {
  return {
    policy: `${kind.namespaced ? `${metadata.namespace ?? ''}/` : ''}${metadata.name ?? ''}`,
    kind: kind.kind,
    reasons: diagnostics.map((diagnostic) => diagnostic.message),
  };
}

/** Quarantined endpoints as they are reported. */
export function quarantineReports(quarantined: readonly QuarantinedEndpoint[]): readonly QuarantineReport[] {
  return quarantined.map(({ namespace, name, reason }) => ({ pod: `${namespace}/${name}`, reason }));
}

/** Unreadable objects as they are reported. */
export function unreadableReports(objects: readonly RefusedObject[]): readonly UnreadableReport[] {
  return objects.map(({ kind, namespace, name, reason }) => ({
    object: namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`,
    reason,
  }));
}
