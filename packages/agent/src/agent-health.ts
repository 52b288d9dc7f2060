/** What an agent says of itself; the answer of `GET /v1/health`. */

/** A policy whose newest version is not in force, and what is instead. */
interface RefusedPolicyReport {
  readonly policy: string;
  readonly reasons: readonly string[];
  /** `accepted`: its last accepted version; `closed`: it isolates what it selects and allows nothing. */
  readonly inForce: 'accepted' | 'closed';
}

/** A pod whose rules the data plane cannot enforce; it is closed or keeps the rules of before. */
interface QuarantineReport {
  readonly pod: string;
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
  readonly synced: boolean;
  readonly connected: boolean;
  readonly dataplane: string;
  readonly profile: string;
  readonly transactions: number;
  readonly failuresInARow: number;
  readonly lastError?: string;
  readonly endpoints: number;
  readonly refused: readonly RefusedPolicyReport[];
  readonly quarantined: readonly QuarantineReport[];
  readonly unreadable: readonly UnreadableReport[];
}
