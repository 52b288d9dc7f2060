/**
 * Packets allowed and denied by each policy, from the kernel's counters.
 *
 * A rule belongs to one policy, so an allowed packet counts for one. A denied packet is denied by all
 * policies that isolate its pod together, so it counts for each of them; the total by direction counts
 * it once. Established connections are let through before any rule: the counts are of packets that
 * open a connection, or try to.
 *
 * The number of policies with series of their own is bounded, and the others share one. Series grow by
 * what was counted since the last look, so that none ever goes back when a policy moves between them.
 */
import type { Direction, PolicyRef } from '@weir/model';
import type { PacketCounts } from '../enforcement/enforcement-state.ts';
import { counter, gauge, type MetricFamily, type MetricSample } from './metric-family.ts';

/** What a program denies, and by whose will. */
export interface ProgramOwners {
  readonly direction: Direction;
  /** The policies that isolate the pods of the program. */
  readonly isolatedBy: readonly PolicyRef[];
}

/** Where the counts come from. */
export interface PolicyPacketsOptions {
  /** How many policies have series of their own. */
  readonly limit: number;
  counts(): Promise<PacketCounts>;
  /** Owners by the keys of programs. */
  owners(): ReadonlyMap<string, ProgramOwners>;
  /** A clock that never goes back, in milliseconds. Default: that of the process. */
  readonly nowMs?: () => number;
}

/** The kernel is asked once in this time at most, in milliseconds. */
const shortestIntervalMs = 5_000;
/** A scrape waits this long for the kernel's turn; then it gets what was known before. */
const patienceMs = 1_000;
/** How many counters that are gone are remembered, in case they come back. */
const rememberedLimit = 10_000;

interface Series {
  readonly policy: string;
  readonly direction: Direction;
  allowed: bigint;
  denied: bigint;
}

const other = 'other';

/** The counts of one agent. */
export class PolicyPackets {
  readonly #options: PolicyPacketsOptions;
  readonly #nowMs: () => number;
  /** What each of the kernel's counters showed last, oldest look first. */
  readonly #seen = new Map<string, bigint>();
  /** By policy; one for each direction. */
  readonly #series = new Map<string, Series[]>();
  readonly #denied: Record<Direction, bigint> = { ingress: 0n, egress: 0n };
  #readAtMs = Number.NEGATIVE_INFINITY;
  #overLimit: ReadonlySet<string> = new Set();

  constructor(options: PolicyPacketsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  async metrics(): Promise<readonly MetricFamily[]> {
    await this.#refresh();
    const each = (member: 'allowed' | 'denied'): MetricSample[] =>
      [...this.#series.values()].flat().map(({ policy, direction, [member]: value }) => ({ labels: { policy, direction }, value }));
    const denied = Object.entries(this.#denied).map(([direction, value]) => ({ labels: { direction }, value }));
    return [
      counter('weir_policy_allowed_packets_total', 'Packets opening a connection that a rule of the policy allowed.', each('allowed')),
      counter(
        'weir_policy_denied_packets_total',
        'Packets denied to pods that the policy isolates; each counts for every such policy.',
        each('denied'),
      ),
      counter('weir_denied_packets_total', 'Packets denied because a policy isolates the pod and no rule allows them.', denied),
      gauge('weir_policies_over_limit', 'Policies that count as policy="other" because of --metrics-policies.', this.#overLimit.size),
    ];
  }

  async #refresh(): Promise<void> {
    const now = this.#nowMs();
    if (now - this.#readAtMs < shortestIntervalMs) return;
    this.#readAtMs = now;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    // A kernel that does not answer has its own failure; the counts of before stay.
    const reading = this.#options
      .counts()
      .then((counts) => this.#take(counts))
      .catch(() => undefined);
    await Promise.race([reading, patience]);
    clearTimeout(timer);
  }

  #take({ allowed, denied }: PacketCounts): void {
    const owners = this.#options.owners();
    const current = new Set<string>();
    for (const { rule } of allowed) current.add(policyName(rule.origin.policy));
    for (const { isolatedBy } of owners.values()) for (const policy of isolatedBy) current.add(policyName(policy));
    const overLimit = new Set<string>();
    const seriesOf = (policy: PolicyRef, direction: Direction): Series =>
      this.#seriesOf(policyName(policy), direction, { current, overLimit });
    for (const { rule, packets } of allowed) {
      const grown = this.#grown(`rule ${rule.id}`, packets);
      const series = seriesOf(rule.origin.policy, rule.origin.direction);
      // Rules may deny once other policy APIs are compiled.
      series[rule.action === 'deny' ? 'denied' : 'allowed'] += grown;
    }
    for (const { program, packets } of denied) {
      const grown = this.#grown(`program ${program}`, packets);
      const owner = owners.get(program);
      if (owner === undefined) continue;
      this.#denied[owner.direction] += grown;
      for (const policy of owner.isolatedBy) seriesOf(policy, owner.direction).denied += grown;
    }
    this.#overLimit = overLimit;
    for (const key of this.#seen.keys()) {
      if (this.#seen.size <= allowed.length + denied.length + rememberedLimit) break;
      this.#seen.delete(key);
    }
  }

  /** By how much a counter of the kernel has grown since the last look. */
  #grown(key: string, packets: bigint): bigint {
    const before = this.#seen.get(key) ?? 0n;
    this.#seen.delete(key);
    this.#seen.set(key, packets);
    return packets >= before ? packets - before : packets;
  }

  #seriesOf(policy: string, direction: Direction, world: { current: ReadonlySet<string>; overLimit: Set<string> }): Series {
    let name = policy;
    if (!this.#series.has(name) && !this.#hasRoom(world.current)) {
      world.overLimit.add(policy);
      name = other;
    }
    const all = this.#series.get(name) ?? [];
    this.#series.set(name, all);
    const found = all.find((series) => series.direction === direction);
    if (found !== undefined) return found;
    const fresh: Series = { policy: name, direction, allowed: 0n, denied: 0n };
    all.push(fresh);
    return fresh;
  }

  /** Whether one more policy can have its own series; that of a policy that is gone makes room. */
  #hasRoom(current: ReadonlySet<string>): boolean {
    const own = this.#series.size - Number(this.#series.has(other));
    if (own < this.#options.limit) return true;
    for (const policy of this.#series.keys()) {
      if (policy === other || current.has(policy)) continue;
      this.#series.delete(policy);
      return true;
    }
    return false;
  }
}

/** A namespaced name has a slash, so no policy is called `other`. */
function policyName({ namespace, name }: PolicyRef): string {
  return `${namespace ?? ''}/${name}`;
}
