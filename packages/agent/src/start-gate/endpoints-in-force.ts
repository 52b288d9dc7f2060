/** The node's endpoints as they are in the kernel, and which of them have rules that cannot be enforced. */
import type { ContentKey, Delta, LocalEndpoint } from '@weir/calc';
import type { ApplyReport } from '@weir/dataplane';

/** An endpoint one of whose programs the data plane refused; it is closed or keeps its old program. */
export interface QuarantinedEndpoint {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
}

/** Follows what was applied. */
export class EndpointsInForce {
  readonly #endpoints = new Map<string, LocalEndpoint>();
  /** Programs that are not in the kernel although they should be, and why. */
  #quarantined: ReadonlyMap<ContentKey, string> = new Map();

  get size(): number {
    return this.#endpoints.size;
  }

  has(uid: string): boolean {
    return this.#endpoints.has(uid);
  }

  all(): Iterable<LocalEndpoint> {
    return this.#endpoints.values();
  }

  /** Why the endpoint's own rules are not in force although everything was applied. */
  quarantineOf(uid: string): string | undefined {
    const endpoint = this.#endpoints.get(uid);
    if (endpoint === undefined) return undefined;
    return this.#quarantined.get(endpoint.ingress ?? '') ?? this.#quarantined.get(endpoint.egress ?? '');
  }

  /** All endpoints whose own rules are not in force. */
  quarantined(): readonly QuarantinedEndpoint[] {
    if (this.#quarantined.size === 0) return [];
    return [...this.#endpoints.values()].flatMap(({ uid, namespace, name }) => {
      const reason = this.quarantineOf(uid);
      return reason === undefined ? [] : [{ uid, namespace, name, reason }];
    });
  }

  /** A delta is in the kernel; gives the programs that were refused and had not been before. */
  applied(delta: Delta, report: ApplyReport): ApplyReport['quarantined'] {
    for (const endpoint of delta.endpoints.upserts) this.#endpoints.set(endpoint.uid, endpoint);
    for (const uid of delta.endpoints.removals) this.#endpoints.delete(uid);
    const before = this.#quarantined;
    this.#quarantined = new Map(report.quarantined.map(({ program, reason }) => [program, reason]));
    return report.quarantined.filter(({ program }) => !before.has(program));
  }
}
