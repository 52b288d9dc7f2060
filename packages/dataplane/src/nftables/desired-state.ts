/**
 * The state that the kernel shall hold, kept from delta to delta, as elements of the fixed sets.
 *
 *   peer sets, classes, addresses ──▶ PeerClassTable ──▶ class4/6, block4/6
 *                                          │ classes that came and went
 *   programs ──▶ additive-program ──▶ ProgramTable ────▶ allow, allow_range, denied, rules
 *                                          │ numbers
 *   endpoints ──▶ EndpointTable ───────────┴───────────▶ local, link, unlinked, self, …_program4/6
 *
 * {@link DesiredState.apply} gives what a delta changes, {@link DesiredState.elements} everything.
 */
import type { ContentKey, Delta, LocalEndpoint, Program, ProgramRule } from '@weir/calc';
import type { Address } from '@weir/net';
import type { Direction } from '@weir/policy';
import { compileAdditiveProgram } from './additive-program.ts';
import { deniedElement, type PlacedElement } from './element.ts';
import type { ElementChanges } from './element-changes.ts';
import { type AddressOwner, EndpointTable, type ReleasedAddress } from './endpoint-table.ts';
import { NumberPool } from './number-pool.ts';
import { type PeerClassChanges, PeerClassTable } from './peer-class-table.ts';
import { type ProgramEntry, ProgramTable } from './program-table.ts';
import { RuleTable } from './rule-table.ts';

/** What a delta means for the kernel. */
export interface StateChanges extends ElementChanges {
  /** To be in force, and the released addresses' connections ended, before the rest. */
  readonly handover: ElementChanges;
  /** Addresses whose connections of before have to end. */
  readonly released: readonly ReleasedAddress[];
}

/** A program that cannot be enforced; endpoints stay with the one they had, or are closed. */
export interface RefusedProgram {
  readonly program: ContentKey;
  readonly reason: string;
}

interface EndpointRecord {
  readonly endpoint: LocalEndpoint;
  readonly ingress: ProgramEntry | 'closed' | undefined;
  readonly egress: ProgramEntry | 'closed' | undefined;
}

/** One node's state. */
export class DesiredState {
  readonly #numbers: NumberPool;
  /** A program that allows nothing, for endpoints whose own was refused. */
  readonly closedProgram: number;
  readonly #peers: PeerClassTable;
  readonly #rules: RuleTable;
  readonly #programs: ProgramTable;
  readonly #endpoints: EndpointTable;
  readonly #records = new Map<string, EndpointRecord>();
  readonly #refused = new Map<ContentKey, { readonly program: Program; reason: string }>();

  /** `lastNumber` is the highest number that a process of before has given out, 0 if there was none. */
  constructor(lastNumber = 0) {
    this.#numbers = new NumberPool(lastNumber);
    this.closedProgram = this.#numbers.next();
    this.#peers = new PeerClassTable(this.#numbers);
    this.#rules = new RuleTable(this.#numbers);
    this.#programs = new ProgramTable(this.#rules);
    this.#endpoints = new EndpointTable(this.closedProgram);
    for (const peerClass of this.#peers.classes()) this.#programs.addClass(peerClass, { removed: [], added: [] });
  }

  /** Takes over a delta. */
  apply(delta: Delta): StateChanges {
    const changes: ElementChanges = { removed: [], added: [] };
    const classes = this.#peers.apply(delta, changes);
    const accepted = this.#applyPrograms(delta);
    this.#applyEndpoints(delta, accepted);
    const handover: ElementChanges = { removed: [], added: [] };
    const released = this.#endpoints.settle(changes, handover);
    this.#applyTuples(classes, accepted, changes);
    return { ...changes, handover, released };
  }

  /** Everything that the kernel shall hold. */
  *elements(): Iterable<PlacedElement> {
    yield deniedElement(this.closedProgram);
    yield* this.#rules.elements();
    yield* this.#peers.elements();
    yield* this.#programs.elements();
    yield* this.#endpoints.elements();
  }

  refused(): RefusedProgram[] {
    return [...this.#refused].map(([program, { reason }]) => ({ program, reason }));
  }

  /** Rules in force by their ids. */
  rules(): Map<string, ProgramRule> {
    return this.#rules.rules();
  }

  /** The keys of the programs in force by their numbers. */
  programKeys(): Map<number, ContentKey> {
    return new Map(this.#programs.entries().map(({ number, source }) => [number, source.key]));
  }

  /** Whether an endpoint has the address. */
  isLocal(address: Address): boolean {
    return this.#endpoints.hasAddress(address);
  }

  /** Owners of local addresses, by the address's text. */
  owners(): Map<string, AddressOwner> {
    return this.#endpoints.owners();
  }

  /** Marks programs listed or not and compiles new ones and those refused before. */
  #applyPrograms(delta: Delta): ProgramEntry[] {
    for (const key of delta.programs.removals) {
      this.#refused.delete(key);
      const entry = this.#programs.get(key);
      if (entry !== undefined) entry.listed = false;
    }
    const candidates = new Map([...this.#refused].map(([key, { program }]) => [key, program]));
    for (const program of delta.programs.upserts) candidates.set(program.key, program);
    const accepted: ProgramEntry[] = [];
    for (const [key, program] of candidates) {
      const entry = this.#programs.get(key);
      if (entry !== undefined) {
        entry.listed = true;
        continue;
      }
      const result = compileAdditiveProgram(program, this.#peers.peerSets);
      if (result.kind === 'refused') {
        this.#refused.set(key, { program, reason: result.reason });
      } else {
        this.#refused.delete(key);
        accepted.push({ number: this.#numbers.next(), source: program, compiled: result.program, listed: true, users: 0 });
      }
    }
    return accepted;
  }

  #applyEndpoints(delta: Delta, accepted: readonly ProgramEntry[]): void {
    const fresh = new Map(accepted.map((entry) => [entry.source.key, entry]));
    for (const uid of delta.endpoints.removals) {
      const record = this.#records.get(uid);
      if (record === undefined) continue;
      countUse(record, -1);
      this.#records.delete(uid);
      this.#endpoints.delete(uid);
    }
    const upserts = new Map(delta.endpoints.upserts.map((endpoint) => [endpoint.uid, endpoint]));
    for (const [uid, { endpoint }] of this.#records) {
      // An endpoint may wait for a program that was refused until now.
      if (!upserts.has(uid) && (fresh.has(endpoint.ingress ?? '') || fresh.has(endpoint.egress ?? ''))) upserts.set(uid, endpoint);
    }
    for (const [uid, endpoint] of upserts) {
      const before = this.#records.get(uid);
      const after: EndpointRecord = {
        endpoint,
        ingress: this.#resolve('ingress', endpoint, { before, fresh }),
        egress: this.#resolve('egress', endpoint, { before, fresh }),
      };
      countUse(after, 1);
      if (before !== undefined) countUse(before, -1);
      this.#records.set(uid, after);
      this.#endpoints.set(endpoint, { ingress: this.#number(after.ingress), egress: this.#number(after.egress) });
    }
  }

  /** The program in force: the endpoint's own, else (refused) the one of before, else none at all. */
  #resolve(
    direction: Direction,
    endpoint: LocalEndpoint,
    known: { before: EndpointRecord | undefined; fresh: ReadonlyMap<ContentKey, ProgramEntry> },
  ): ProgramEntry | 'closed' | undefined {
    const key = endpoint[direction];
    if (key === undefined) return undefined;
    return known.fresh.get(key) ?? this.#programs.get(key) ?? known.before?.[direction] ?? 'closed';
  }

  #number(program: ProgramEntry | 'closed' | undefined): number | undefined {
    return program === 'closed' ? this.closedProgram : program?.number;
  }

  /** Pairs that go are made from what was, pairs that come from what is now; none is made twice. */
  #applyTuples(classes: PeerClassChanges, accepted: readonly ProgramEntry[], changes: ElementChanges): void {
    for (const peerClass of classes.gone) this.#programs.removeClass(peerClass, changes);
    for (const entry of this.#programs.entries()) {
      if (!entry.listed && entry.users === 0) this.#programs.removeProgram(entry, changes);
    }
    for (const peerClass of classes.appeared) this.#programs.addClass(peerClass, changes);
    for (const entry of accepted) this.#programs.addProgram(entry, changes);
    this.#rules.settle(changes);
  }
}

function countUse(record: EndpointRecord, by: 1 | -1): void {
  for (const program of [record.ingress, record.egress]) {
    if (program !== undefined && program !== 'closed') program.users += by;
  }
}
