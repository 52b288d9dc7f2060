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
import { type Address, defined } from '@weir/net';
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

/** A program that is not in force. */
interface RefusedProgram {
  readonly program: Program;
  readonly reason: string;
  /** There may be room for it later. */
  readonly lacksRoom: boolean;
}

/** What the map of policies takes. */
export interface PolicyRoom {
  readonly entriesMax: number;
  /** Entries of an earlier process, which go when this one's state is in force. */
  readonly taken: number;
}

/** One node's state. */
export class DesiredState {
  readonly #numbers: NumberPool;
  readonly #closedProgram: number;
  readonly #peers: PeerClassTable;
  readonly #policies: PolicyTable;
  readonly #endpoints = new ProgrammedEndpoints<ProgramEntry>();
  readonly #addresses: LocalAddresses<ProgrammedEndpoint<ProgramEntry>, Uint8Array>;
  readonly #refused = new Map<ContentKey, RefusedProgram>();

  /** `lastNumber` is the highest number that a process of before has given out. */
  constructor(lastNumber: number, { entriesMax, taken }: PolicyRoom) {
    this.#numbers = new NumberPool(lastNumber);
    this.#closedProgram = this.#numbers.next();
    this.#peers = new PeerClassTable(this.#numbers);
    this.#policies = new PolicyTable(this.#numbers, entriesMax, taken);
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
    this.#policies.admitPending(policies);
    const ended = new Set(classes.appeared.flatMap((peerClass) => this.#policies.addClass(peerClass, policies)));
    if (ended.size > 0) this.#end(ended, policies);
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

  /** What was last applied is in force, and the maps hold nothing else. */
  confirm(): void {
    this.#policies.confirm();
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

  /** Programs that are not in force, or not for every class of peers; to be asked before {@link confirm}. */
  quarantined(): { readonly program: ContentKey; readonly reason: string; readonly lacksRoom: boolean }[] {
    const refused = [...this.#refused].map(([program, { reason, lacksRoom }]) => ({ program, reason, lacksRoom }));
    const grown = [...this.#policies.grown()].map((entry) => ({
      program: entry.source.key,
      reason: this.#growthRefusal(entry),
      lacksRoom: true,
    }));
    return [...refused, ...grown];
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
      const result = compileVerdictProgram(program, this.#peers.peerSets, 'ebpf');
      const sayings = result.kind === 'refused' ? undefined : this.#policies.sayingsOf(result.program);
      const reason = result.kind === 'refused' ? result.reason : this.#policies.overflow(sayings?.size ?? 0);
      if (reason !== undefined) this.#refused.set(key, { program, reason, lacksRoom: result.kind !== 'refused' });
      if (reason !== undefined || sayings === undefined) continue;
      this.#refused.delete(key);
      accepted.set(key, this.#policies.add(program, sayings, changes));
    }
    return accepted;
  }

  /** Takes programs out of force that cannot deny what they have to; their endpoints are closed. */
  #end(entries: ReadonlySet<ProgramEntry>, changes: PolicyChanges): void {
    for (const entry of entries) {
      const reason = this.#growthRefusal(entry);
      this.#policies.remove(entry, changes);
      if (entry.listed) this.#refused.set(entry.source.key, { program: entry.source, reason, lacksRoom: true });
    }
    this.#endpoints.close(entries);
  }

  #growthRefusal({ pending }: ProgramEntry): string {
    const more = [...pending.values()].reduce((sum, size) => sum + size, 0);
    return `for peers that came since ${defined(this.#policies.overflow(more), 'what is pending does not fit')}`;
  }
}
