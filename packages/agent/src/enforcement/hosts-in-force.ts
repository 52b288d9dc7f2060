/** The host endpoints of the node as they are in the kernel, and which of them are not enforced. */
import type { ContentKey, Delta, HostLocalEndpoint } from '@weir/calc';
import type { ApplyReport, RefusedHost } from '@weir/dataplane';

/** Follows what was applied. */
export class HostsInForce {
  readonly #hosts = new Map<string, HostLocalEndpoint>();
  #quarantined: ReadonlyMap<ContentKey, string> = new Map();
  /** By uid, those that the back end refuses as a whole. */
  #refused: ReadonlyMap<string, RefusedHost> = new Map();

  /** How many there are. */
  get size(): number {
    return this.#hosts.size;
  }

  /** A delta is in the kernel. */
  applied(delta: Delta, report: Pick<ApplyReport, 'quarantined' | 'refusedHosts'>): void {
    for (const host of delta.hosts.upserts) this.#hosts.set(host.uid, host);
    for (const uid of delta.hosts.removals) this.#hosts.delete(uid);
    this.#quarantined = new Map(report.quarantined.map(({ program, reason }) => [program, reason]));
    this.#refused = new Map(report.refusedHosts.map((host) => [host.uid, host]));
  }

  /** Those that are not enforced, or not in all that is said of them, with the reason. */
  refused(): readonly RefusedHost[] {
    if (this.#refused.size === 0 && this.#quarantined.size === 0) return [];
    return [...this.#hosts.values()].flatMap((host): RefusedHost[] => {
      const refused = this.#refused.get(host.uid);
      if (refused !== undefined) return [refused];
      const reason = this.#quarantineOf(host);
      return reason === undefined ? [] : [{ uid: host.uid, name: host.name, reason }];
    });
  }

  /** Why a program of it is not in the kernel: it keeps the one that it had, or is closed there. */
  #quarantineOf({ programs }: HostLocalEndpoint): string | undefined {
    for (const [family, { ingress, egress }] of Object.entries(programs)) {
      for (const key of [ingress, egress]) {
        const reason = key === undefined ? undefined : this.#quarantined.get(key);
        if (reason !== undefined) return `${family}: ${reason}`;
      }
    }
    return undefined;
  }
}
