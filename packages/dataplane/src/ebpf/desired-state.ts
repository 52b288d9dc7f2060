/**
 * The state that the maps shall hold, kept from delta to delta.
 *
 *   peer sets, classes, addresses ──▶ PeerClassTable ──▶ pods4/6, blocks4/6
 *                                          │ classes that came and went
 *   programs ──▶ verdict-program ─────▶ PolicyTable ───▶ policies, counts
 *                                          │ numbers
 *   endpoints ─────────────────────▶ LocalEndpoints ───▶ local4/6
 *
 * {@link DesiredState.apply} gives what a delta changes; the `…Entries` and elements are everything.
 */
import type { ContentKey, Delta, LocalEndpoint, Program } from '@weir/calc';
import type { BpfElement } from '@weir/kernel';
import type { Address } from '@weir/net';
import type { Direction } from '@weir/policy';
import { NumberPool } from '../classification/number-pool.ts';
import { PeerClassTable } from '../classification/peer-class-table.ts';
import { compileVerdictProgram } from '../programs/verdict-program.ts';
import { type LeftAddress, LocalEndpoints, type OwnedAddress } from './local-endpoints.ts';
import { noPolicyChanges, type PolicyChanges, PolicyTable, type ProgramEntry, programCount, ruleCount } from './policy-table.ts';
import { blockChanges, blockEntries, podChanges, podEntry, type VersionedChange, type VersionedEntry } from './versioned-change.ts';

/** What a delta means for the maps. */
export interface StateChanges {
  /** To be in force, and the left addresses' connections ended, before the rest. */
  readonly handover: readonly VersionedChange[];
  readonly versioned: readonly VersionedChange[];
  readonly policies: PolicyChanges;
  readonly left: readonly LeftAddress[];
}

/** `closed`: a program that allows nothing; undefined: not isolated. */
type ProgramInForce = ProgramEntry | 'closed' | undefined;

interface EndpointRecord extends Readonly<Record<Direction, ProgramInForce>> {
  readonly endpoint: LocalEndpoint;
}

/** One node's state. */
export class DesiredState {
  readonly #numbers: NumberPool;
  readonly #policyEntriesMax: number;
  readonly #closedProgram: number;
  readonly #peers: PeerClassTable;
  readonly #policies: PolicyTable;
  readonly #endpoints: LocalEndpoints;
  readonly #records = new Map<string, EndpointRecord>();
  readonly #refused = new Map<ContentKey, { readonly program: Program; readonly reason: string }>();

  /** `lastNumber` is the highest number that a process of before has given out; no more than `policyEntriesMax` entries fit. */
  constructor(lastNumber: number, policyEntriesMax: number) {
    this.#numbers = new NumberPool(lastNumber);
    this.#policyEntriesMax = policyEntriesMax;
    this.#closedProgram = this.#numbers.next();
    this.#peers = new PeerClassTable(this.#numbers);
    this.#policies = new PolicyTable(this.#numbers);
    this.#endpoints = new LocalEndpoints(this.#closedProgram);
    for (const peerClass of this.#peers.classes()) this.#policies.addClass(peerClass, noPolicyChanges());
  }

  /** The highest number that was given out. */
  get lastNumber(): number {
    return this.#numbers.last;
  }

  /** How many entries `policies` shall hold. */
  get policyEntries(): number {
    return this.#policies.size;
  }

  /** Takes over a delta. */
  apply(delta: Delta): StateChanges {
    const policies = noPolicyChanges();
    const classes = this.#peers.apply(delta);
    for (const peerClass of classes.gone) this.#policies.removeClass(peerClass, policies);
    for (const peerClass of classes.appeared) this.#policies.addClass(peerClass, policies);
    const accepted = this.#applyPrograms(delta, policies);
    this.#applyEndpoints(delta, accepted);
    for (const entry of this.#policies.entries()) if (!entry.listed && entry.users === 0) this.#policies.remove(entry, policies);
    const { changes, handover, left } = this.#endpoints.settle();
    const versioned = [...changes, ...podChanges(classes.pods), ...classes.blocks.flatMap(blockChanges)];
    return { handover, versioned, policies, left };
  }

  /** Everything that the maps with two versions shall hold. */
  *versionedEntries(): Iterable<VersionedEntry> {
    yield* this.#endpoints.entries();
    for (const pod of this.#peers.pods()) yield podEntry(pod);
    for (const family of [4, 6] as const) yield* blockEntries(this.#peers.blocks(family));
  }

  policyElements(): Iterable<BpfElement> {
    return this.#policies.elements();
  }

  /** Numbers that `counts` shall have, with what they count for. */
  counted(): Map<number, string> {
    return new Map([
      [this.#closedProgram, programCount('')],
      ...this.#policies.entries().map(({ number, source }) => [number, programCount(source.key)] as const),
      ...[...this.#policies.rules()].map(([id, { number }]) => [number, ruleCount(id)] as const),
    ]);
  }

  refused(): { readonly program: ContentKey; readonly reason: string }[] {
    return [...this.#refused].map(([program, { reason }]) => ({ program, reason }));
  }

  rules(): ReturnType<PolicyTable['rules']> {
    return this.#policies.rules();
  }

  /** The keys of programs in force. */
  programKeys(): ContentKey[] {
    return this.#policies.entries().map(({ source }) => source.key);
  }

  isLocal(address: Address): boolean {
    return this.#endpoints.hasAddress(address);
  }

  owners(): Map<string, OwnedAddress> {
    return this.#endpoints.owners();
  }

  /** Marks programs listed or not, and adds new ones and those refused before; what does not fit is refused with the figure. */
  #applyPrograms(delta: Delta, changes: PolicyChanges): Map<ContentKey, ProgramEntry> {
    for (const key of delta.programs.removals) {
      this.#refused.delete(key);
      const entry = this.#policies.get(key);
      if (entry !== undefined) entry.listed = false;
    }
    const candidates = new Map([...this.#refused].map(([key, { program }]) => [key, program]));
    for (const program of delta.programs.upserts) candidates.set(program.key, program);
    const accepted = new Map<ContentKey, ProgramEntry>();
    for (const [key, program] of candidates) {
      const entry = this.#policies.get(key);
      if (entry !== undefined) {
        entry.listed = true;
        continue;
      }
      const result = compileVerdictProgram(program, this.#peers.peerSets);
      const sayings = result.kind === 'refused' ? undefined : this.#policies.sayingsOf(result.program);
      const reason = result.kind === 'refused' ? result.reason : this.#overflow(sayings?.size ?? 0);
      if (reason !== undefined) this.#refused.set(key, { program, reason });
      if (reason !== undefined || sayings === undefined) continue;
      this.#refused.delete(key);
      accepted.set(key, this.#policies.add(program, sayings, changes));
    }
    return accepted;
  }

  #overflow(more: number): string | undefined {
    const free = this.#policyEntriesMax - this.#policies.size;
    if (more <= free) return undefined;
    return `it needs ${more} entries of the policy map, and ${Math.max(0, free)} of ${this.#policyEntriesMax} are free`;
  }

  #applyEndpoints(delta: Delta, accepted: ReadonlyMap<ContentKey, ProgramEntry>): void {
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
      const waits = accepted.has(endpoint.ingress ?? '') || accepted.has(endpoint.egress ?? '');
      if (waits && !upserts.has(uid)) upserts.set(uid, endpoint);
    }
    for (const [uid, endpoint] of upserts) {
      const before = this.#records.get(uid);
      const own = (direction: Direction): ProgramInForce => {
        const key = endpoint[direction];
        return key === undefined ? undefined : (this.#policies.get(key) ?? before?.[direction] ?? 'closed');
      };
      const after = { endpoint, ingress: own('ingress'), egress: own('egress') };
      countUse(after, 1);
      if (before !== undefined) countUse(before, -1);
      this.#records.set(uid, after);
      this.#endpoints.set(endpoint, { ingress: this.#number(after.ingress), egress: this.#number(after.egress) });
    }
  }

  #number(program: ProgramInForce): number | undefined {
    return program === 'closed' ? this.#closedProgram : program?.number;
  }
}

function countUse(record: EndpointRecord, by: 1 | -1): void {
  for (const program of [record.ingress, record.egress]) {
    if (program !== undefined && program !== 'closed') program.users += by;
  }
}
