/**
 * The node's own pods and the programs in force for them. Two pods can claim one address while it is
 * handed over; the latest claim holds.
 */
import type { ContentKey, Delta, Program } from '@weir/calc';
import { formatAddress } from '@weir/net';
import { type ProgramInForce, ProgrammedEndpoints } from '../endpoints/programmed-endpoints.ts';
import type { DirectionState, EndpointState } from './acl-documents.ts';
import { compileHnsProgram, type HnsLimits, type HnsProgram } from './hns-program.ts';
import type { PeerSets } from './peer-sets.ts';

/** A program in force. `listed`: the state has it. */
interface ProgramEntry {
  readonly compiled: HnsProgram;
  listed: boolean;
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
  readonly #endpoints = new ProgrammedEndpoints<ProgramEntry>();

  constructor(sets: PeerSets, limits: HnsLimits) {
    this.#sets = sets;
    this.#limits = limits;
  }

  /** Takes over programs and endpoints, after the sets; returns the addresses whose rules may have changed. */
  apply(delta: Delta): Set<string> {
    const appeared = this.#applyPrograms(delta);
    this.#endpoints.apply(delta.endpoints, { get: (key) => this.#programs.get(key), appeared });
    for (const [key, entry] of this.#programs) this.#dropUnused(key, entry);
    return new Set(this.#endpoints.claims.takeTouched().keys());
  }

  /** What is in force for the pod that has one of the addresses; undefined when no pod was acknowledged with it. */
  stateAt(addresses: readonly string[]): EndpointState | undefined {
    const owner = addresses.map((address) => this.#endpoints.claims.ownerOf(address)).find((each) => each !== undefined);
    if (owner === undefined) return undefined;
    const { endpoint, ingress, egress } = owner;
    return { addresses: endpoint.addresses.map(formatAddress), ingress: compiledOf(ingress), egress: compiledOf(egress) };
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
      this.#programs.set(key, { compiled: result.program, listed: true });
      this.#sets.acquire(result.program);
      fresh.add(key);
    }
    return fresh;
  }

  #dropUnused(key: ContentKey, entry: ProgramEntry): void {
    if (entry.listed || this.#endpoints.isUsed(entry)) return;
    this.#programs.delete(key);
    this.#sets.release(entry.compiled);
  }
}

function compiledOf(program: ProgramInForce<ProgramEntry>): DirectionState {
  return typeof program === 'object' ? program.compiled : program;
}
