/**
 * The state that the maps shall hold, kept from delta to delta.
 *
 *   peer sets, classes, addresses ──▶ PeerClassTable ──▶ pods4/6, blocks4/6
 *                                          │ classes that came and went
 *   programs ──▶ verdict-program ─────▶ PolicyTable ───▶ policies, counts
 *                                          │ numbers
 *   endpoints ─────────────────────▶ LocalAddresses ───▶ local4/6
 *
 * {@link DesiredState.apply} gives what a delta changes; the `…Entries` and elements are everything.
 */
import type { ContentKey, Delta, Program } from '@weir/calc';
import type { BpfElement } from '@weir/kernel';
import type { Address } from '@weir/net';
import { NumberPool } from '../classification/number-pool.ts';
import { PeerClassTable } from '../classification/peer-class-table.ts';
import { type AddressOwner, LocalAddresses, type ReleasedAddress } from '../endpoints/local-addresses.ts';
import { type ProgrammedEndpoint, ProgrammedEndpoints } from '../endpoints/programmed-endpoints.ts';
import { compileVerdictProgram } from '../programs/verdict-program.ts';
import { addressChanges, addressEntry, contentOfAddress } from './address-changes.ts';
import { noPolicyChanges, type PolicyChanges, PolicyTable, type ProgramEntry, programCount, ruleCount } from './policy-table.ts';
import { blockChanges, blockEntries, podChanges, podEntry, type VersionedChange, type VersionedEntry } from './versioned-change.ts';

/** What a delta means for the maps. */
export interface StateChanges {
  /** To be in force, and the released addresses' connections ended, before the rest. */
  readonly handover: readonly VersionedChange[];
  readonly versioned: readonly VersionedChange[];
  readonly policies: PolicyChanges;
  readonly released: readonly ReleasedAddress[];
}

/** One node's state. */
export class DesiredState {
  readonly #numbers: NumberPool;
  readonly #policyEntriesMax: number;
  readonly #closedProgram: number;
  readonly #peers: PeerClassTable;
  readonly #policies: PolicyTable;
  readonly #endpoints = new ProgrammedEndpoints<ProgramEntry>();
  readonly #addresses: LocalAddresses<ProgrammedEndpoint<ProgramEntry>, Uint8Array>;
  readonly #refused = new Map<ContentKey, { readonly program: Program; readonly reason: string }>();

  /** `lastNumber` is the highest number that a process of before has given out; no more than `policyEntriesMax` entries fit. */
  constructor(lastNumber: number, policyEntriesMax: number) {
    this.#numbers = new NumberPool(lastNumber);
    this.#policyEntriesMax = policyEntriesMax;
    this.#closedProgram = this.#numbers.next();
    this.#peers = new PeerClassTable(this.#numbers);
    this.#policies = new PolicyTable(this.#numbers);
    this.#addresses = new LocalAddresses(this.#endpoints.claims, (_, owner) => contentOfAddress(owner, this.#closedProgram));
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
    this.#endpoints.apply(delta.endpoints, { get: (key) => this.#policies.get(key), appeared: accepted });
    for (const entry of this.#policies.entries()) {
      if (!entry.listed && !this.#endpoints.isUsed(entry)) this.#policies.remove(entry, policies);
    }
    const settled = this.#addresses.settle();
    const { handover, changes } = addressChanges(settled.changes, this.#closedProgram);
    const versioned = [...changes, ...podChanges(classes.pods), ...classes.blocks.flatMap(blockChanges)];
    return { handover, versioned, policies, released: settled.released };
  }

  /** Everything that the maps with two versions shall hold. */
  *versionedEntries(): Iterable<VersionedEntry> {
    for (const { address, content } of this.#addresses.all()) yield addressEntry(address, content);
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
    return this.#addresses.has(address);
  }

  owners(): Map<string, AddressOwner> {
    return this.#addresses.owners();
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
}
