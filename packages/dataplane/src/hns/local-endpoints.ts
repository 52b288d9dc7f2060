/**
 * The node's own pods and the programs in force for them. Two pods can claim one address while it is
 * handed over; the latest claim holds.
 */
import type { ContentKey, Delta, LocalEndpoint, Program } from '@weir/calc';
import { defined, formatAddress } from '@weir/net';
import type { Direction } from '@weir/policy';
import type { DirectionState, EndpointState } from './acl-documents.ts';
import { compileHnsProgram, type HnsLimits, type HnsProgram } from './hns-program.ts';
import type { PeerSets } from './peer-sets.ts';

interface ProgramEntry {
  readonly compiled: HnsProgram;
  /** Endpoints, and the delta itself while it lists the program. */
  users: number;
  listed: boolean;
}

interface EndpointRecord {
  readonly endpoint: LocalEndpoint;
  readonly addresses: readonly string[];
  readonly ingress: ProgramEntry | 'closed' | undefined;
  readonly egress: ProgramEntry | 'closed' | undefined;
}

/** A program that cannot be enforced; its endpoints stay with the one that they had, or are closed. */
export interface RefusedProgram {
  readonly program: ContentKey;
  readonly reason: string;
}

/** All endpoints of one node. */
export class LocalEndpoints {
  readonly #sets: PeerSets;
  readonly #limits: HnsLimits;
  readonly #programs = new Map<ContentKey, ProgramEntry>();
  readonly #refused = new Map<ContentKey, { readonly source: Program; readonly reason: string }>();
  readonly #records = new Map<string, EndpointRecord>();
  /** Uids that claim an address, the latest last. */
  readonly #claims = new Map<string, string[]>();

  constructor(sets: PeerSets, limits: HnsLimits) {
    this.#sets = sets;
    this.#limits = limits;
  }

  /** Takes over programs and endpoints, after the sets; returns the addresses whose rules may have changed. */
  apply(delta: Delta): Set<string> {
    const fresh = this.#applyPrograms(delta);
    const touched = new Set<string>();
    for (const uid of delta.endpoints.removals) this.#replace(uid, undefined, touched);
    const upserts = new Map(delta.endpoints.upserts.map((endpoint) => [endpoint.uid, endpoint]));
    for (const [uid, { endpoint }] of this.#records) {
      // One may wait for a program that was refused until now.
      if (!upserts.has(uid) && (fresh.has(endpoint.ingress ?? '') || fresh.has(endpoint.egress ?? ''))) upserts.set(uid, endpoint);
    }
    for (const [uid, endpoint] of upserts) {
      const before = this.#records.get(uid);
      const after: EndpointRecord = {
        endpoint,
        addresses: endpoint.addresses.map(formatAddress),
        ingress: this.#resolve('ingress', endpoint, before),
        egress: this.#resolve('egress', endpoint, before),
      };
      this.#replace(uid, after, touched);
    }
    for (const [key, entry] of this.#programs) this.#dropUnused(key, entry);
    return touched;
  }

  /** What is in force for the pod that has one of the addresses; undefined when no pod was acknowledged with it. */
  stateAt(addresses: readonly string[]): EndpointState | undefined {
    const uid = addresses.map((address) => this.#claims.get(address)?.at(-1)).find((owner) => owner !== undefined);
    if (uid === undefined) return undefined;
    const { addresses: own, ingress, egress } = defined(this.#records.get(uid), 'a claim belongs to an endpoint');
    return { addresses: own, ingress: compiledOf(ingress), egress: compiledOf(egress) };
  }

  refused(): RefusedProgram[] {
    return [...this.#refused].map(([program, { reason }]) => ({ program, reason }));
  }

  /** Compiles new programs and those refused before; returns the keys of the accepted ones. */
  #applyPrograms(delta: Delta): ReadonlySet<ContentKey> {
    for (const key of delta.programs.removals) {
      this.#refused.delete(key);
      const entry = this.#programs.get(key);
      if (entry !== undefined) entry.listed = false;
    }
    const candidates = new Map([...this.#refused].map(([key, { source }]) => [key, source]));
    for (const program of delta.programs.upserts) candidates.set(program.key, program);
    const fresh = new Set<ContentKey>();
    for (const [key, source] of candidates) {
      const entry = this.#programs.get(key);
      if (entry !== undefined) {
        entry.listed = true;
        continue;
      }
      const result = compileHnsProgram(source, this.#sets.known, this.#limits);
      if (result.kind === 'refused') {
        this.#refused.set(key, { source, reason: result.reason });
        continue;
      }
      this.#refused.delete(key);
      this.#programs.set(key, { compiled: result.program, users: 0, listed: true });
      this.#sets.acquire(result.program);
      fresh.add(key);
    }
    return fresh;
  }

  /** The program in force: the endpoint's own, else (refused) the one of before, else none at all. */
  #resolve(direction: Direction, endpoint: LocalEndpoint, before: EndpointRecord | undefined): ProgramEntry | 'closed' | undefined {
    const key = endpoint[direction];
    if (key === undefined) return undefined;
    return this.#programs.get(key) ?? before?.[direction] ?? 'closed';
  }

  #replace(uid: string, after: EndpointRecord | undefined, touched: Set<string>): void {
    const before = this.#records.get(uid);
    for (const address of before?.addresses ?? []) {
      touched.add(address);
      if (after?.addresses.includes(address) !== true) this.#unclaim(uid, address);
    }
    if (after !== undefined) countUse(after, 1);
    if (before !== undefined) countUse(before, -1);
    if (after === undefined) this.#records.delete(uid);
    else this.#records.set(uid, after);
    for (const address of after?.addresses ?? []) {
      touched.add(address);
      const claimants = this.#claims.get(address) ?? [];
      if (!claimants.includes(uid)) this.#claims.set(address, [...claimants, uid]);
    }
  }

  #unclaim(uid: string, address: string): void {
    const others = (this.#claims.get(address) ?? []).filter((claimant) => claimant !== uid);
    if (others.length > 0) this.#claims.set(address, others);
    else this.#claims.delete(address);
  }

  #dropUnused(key: ContentKey, { compiled, users, listed }: ProgramEntry): void {
    if (listed || users > 0) return;
    this.#programs.delete(key);
    this.#sets.release(compiled);
  }
}

function compiledOf(program: ProgramEntry | 'closed' | undefined): DirectionState {
  return typeof program === 'object' ? program.compiled : program;
}

function countUse({ ingress, egress }: EndpointRecord, by: 1 | -1): void {
  for (const program of [ingress, egress]) if (typeof program === 'object') program.users += by;
}
