/**
 * The state that the kernel shall hold, kept from delta to delta, as elements of the fixed sets.
 *
 *   peer sets, classes, addresses ──▶ PeerClassTable ──▶ class4/6, block4/6
 *                                          │ classes that came and went
 *   programs ──▶ tuple-program ─────▶ ProgramTable ────▶ allow, logged, their ranges, denied, rules
 *                                          │ numbers
 *   endpoints ──▶ LocalAddresses ──────────┼───────────▶ local, link, unlinked, self, …_program4/6
 *   hosts ──▶ HostTable ───────────────────┴───────────▶ host_…_in/out, failsafe_in/out4/6
 *
 * {@link DesiredState.apply} gives what a delta changes, {@link DesiredState.elements} everything.
 *
 * Programs that the kernel refuses can be withheld. Until {@link DesiredState.confirm} says that the kernel
 * holds everything, the state knows what endpoints had before: to that they go back.
 */
import type { ContentKey, Delta, Program, ProgramRule } from '@weir/calc';
import type { Direction } from '@weir/model';
import type { Address } from '@weir/net';
import { NumberPool } from '../classification/number-pool.ts';
import { type PeerClass, type PeerClassChanges, PeerClassTable } from '../classification/peer-class-table.ts';
import type { RefusedHost } from '../dataplane.ts';
import { type AddressOwner, LocalAddresses, type ReleasedAddress } from '../endpoints/local-addresses.ts';
import {
  type ProgramHolder,
  type ProgramInForce,
  type ProgrammedEndpoint,
  ProgrammedEndpoints,
} from '../endpoints/programmed-endpoints.ts';
import { HeldEndpoints } from '../quarantine/held-endpoints.ts';
import { closedElements, elementsOfAddress } from './address-elements.ts';
import { deniedElement, type PlacedElement } from './element.ts';
import { addDifference, type ElementChanges } from './element-changes.ts';
import { type HostShape, HostTable } from './host-table.ts';
import { asksOwnEnd } from './own-end.ts';
import { OwnEndPrograms } from './own-end-programs.ts';
import { addPeerChanges, peerElements } from './peer-elements.ts';
import { type ProgramEntry, ProgramTable } from './program-table.ts';
import { RuleTable } from './rule-table.ts';
import { compileTupleProgram, type TupleProgram } from './tuple-program.ts';

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

/** One node's state. */
export class DesiredState {
  readonly #numbers: NumberPool;
  /** A program that allows nothing, for endpoints whose own was refused. */
  readonly closedProgram: number;
  readonly #peers: PeerClassTable;
  readonly #rules: RuleTable;
  readonly #programs: ProgramTable;
  readonly #ownEnds: OwnEndPrograms;
  readonly #held = new HeldEndpoints<ProgramEntry>();
  readonly #endpoints = new ProgrammedEndpoints<ProgramEntry>((uid, before) => this.#held.changes(uid, before));
  readonly #hosts: HostTable;
  readonly #addresses: LocalAddresses<ProgrammedEndpoint<ProgramEntry>, readonly PlacedElement[]>;
  /** Programs that cannot be compiled. */
  readonly #refused = new Map<ContentKey, { readonly program: Program; reason: string }>();
  /** Programs that the kernel refuses, in whole or (frozen ones, in force) what they would gain. */
  readonly #withheld = new Map<ContentKey, WithheldProgram>();
  /** Programs that the kernel has not taken yet. */
  readonly #fresh = new Set<ProgramEntry>();

  /** `lastNumber` is the highest number that a process of before has given out, 0 if there was none. */
  constructor(lastNumber = 0) {
    this.#numbers = new NumberPool(lastNumber);
    this.closedProgram = this.#numbers.next();
    this.#hosts = new HostTable({
      closedProgram: this.closedProgram,
      onChange: (uid, before) => this.#held.changes(uid, before),
    });
    this.#peers = new PeerClassTable(this.#numbers);
    this.#rules = new RuleTable(this.#numbers);
    this.#programs = new ProgramTable(this.#rules);
    this.#ownEnds = new OwnEndPrograms({
      add: (program, changes) => this.#addDerived(program, changes),
      remove: (entry, changes) => this.#remove(entry, changes),
    });
    this.#addresses = new LocalAddresses(this.#endpoints.claims, (address, owner) => elementsOfAddress(address, owner, this.closedProgram));
    for (const peerClass of this.#peers.classes()) this.#addClass(peerClass, { removed: [], added: [] });
  }

  /** Takes over a delta. */
  apply(delta: Delta): StateChanges {
    const changes: ElementChanges = { removed: [], added: [] };
    const classes = this.#peers.apply(delta);
    addPeerChanges(changes, classes);
    const accepted = this.#applyPrograms(delta);
    const fresh = new Map(accepted.map((entry) => [entry.source.key, entry]));
    const programs = { get: (key: ContentKey) => fresh.get(key) ?? this.#programs.get(key), appeared: fresh };
    this.#endpoints.apply(delta.endpoints, programs);
    this.#hosts.apply(delta, programs);
    this.#hosts.settle(changes);
    const handover: ElementChanges = { removed: [], added: [] };
    const released = this.#settleAddresses(changes, handover);
    this.#applyTuples(classes, accepted, changes);
    return { ...changes, handover, released };
  }

  /** Everything that the kernel shall hold. */
  *elements(): Iterable<PlacedElement> {
    yield deniedElement(this.closedProgram);
    yield* this.#rules.elements();
    yield* peerElements(this.#peers);
    yield* this.#programs.elements();
    for (const { content } of this.#addresses.all()) yield* content;
    yield* this.#hosts.elements();
    yield* this.#ownEnds.elements();
  }

  refused(): RefusedProgram[] {
    return [...this.#refused, ...this.#withheld].map(([program, { reason }]) => ({ program, reason }));
  }

  /** Which chains of host endpoints are needed. */
  get hostShape(): HostShape {
    return this.#hosts.shape;
  }

  /** Host endpoints for which nothing is in force. */
  refusedHosts(): RefusedHost[] {
    return this.#hosts.refused();
  }

  /** Whether a program is withheld. */
  get withholds(): boolean {
    return this.#withheld.size > 0;
  }

  /** Programs of which the kernel does not hold everything: what it refuses may be among theirs. */
  suspects(): ProgramEntry[] {
    return [...new Set([...this.#fresh, ...this.#programs.grown()])];
  }

  /**
   * Withholds exactly these programs, with the reasons. The endpoints of one that is not in force go back
   * to what the kernel holds for them, or are closed; one that is in force keeps the tuples that it has.
   */
  withhold(reasons: ReadonlyMap<ProgramEntry, string>): void {
    const withheld = new Set([...this.#withheld.values()].map(({ entry }) => entry));
    for (const entry of withheld) if (!reasons.has(entry)) this.#admit(entry);
    for (const [entry, reason] of reasons) {
      // Nobody may use it any more once another one is admitted.
      if (!this.#fresh.has(entry) && this.#programs.get(entry.source.key) !== entry) continue;
      if (!withheld.has(entry)) this.#takeBack(entry);
      this.#withheld.set(entry.source.key, { entry, reason });
    }
    const unused: ElementChanges = { removed: [], added: [] };
    this.#settleAddresses(unused, unused);
    this.#hosts.settle(unused);
    this.#settleOwnEnds(unused);
    this.#rules.settle(unused);
  }

  /** The kernel holds everything that is not withheld. */
  confirm(): void {
    for (const entry of this.#fresh) if (!this.#withheld.has(entry.source.key)) this.#fresh.delete(entry);
    this.#held.confirm();
    this.#programs.confirm();
  }

  /** Rules in force by their ids. */
  rules(): Map<string, ProgramRule> {
    return this.#rules.rules();
  }

  /** The keys of the programs in force by their numbers. */
  programKeys(): Map<number, ContentKey> {
    const origins = this.#ownEnds.origins();
    return new Map(this.#programs.entries().map((entry) => [entry.number, (origins.get(entry) ?? entry).source.key]));
  }

  /** Whether an endpoint has the address. */
  isLocal(address: Address): boolean {
    return this.#addresses.has(address);
  }

  /** Owners of local addresses, by the address's text. */
  owners(): Map<string, AddressOwner> {
    return this.#addresses.owners();
  }

  /** Marks programs listed or not and compiles new ones and those refused before. */
  #applyPrograms(delta: Delta): ProgramEntry[] {
    for (const key of delta.programs.removals) {
      this.#refused.delete(key);
      const entry = this.#programs.get(key);
      if (entry !== undefined) entry.listed = false;
      else this.#forget(key);
    }
    const candidates = new Map([...this.#refused].map(([key, { program }]) => [key, program]));
    for (const program of delta.programs.upserts) candidates.set(program.key, program);
    const accepted: ProgramEntry[] = [];
    for (const [key, program] of candidates) {
      const entry = this.#programs.get(key) ?? this.#withheld.get(key)?.entry;
      if (entry !== undefined) {
        entry.listed = true;
        continue;
      }
      const result = compileTupleProgram(program, this.#peers.peerSets);
      if (result.kind === 'refused') {
        this.#refused.set(key, { program, reason: result.reason });
      } else {
        this.#refused.delete(key);
        accepted.push(newEntry(this.#numbers.next(), program, result.program));
      }
    }
    return accepted;
  }

  /** An address that goes straight to another owner is closed first. */
  #settleAddresses(changes: ElementChanges, handover: ElementChanges): readonly ReleasedAddress[] {
    const settled = this.#addresses.settle();
    for (const { address, before = [], after = [], isHandedOver } of settled.changes) {
      const inForce = isHandedOver ? closedElements(address, before, this.closedProgram) : before;
      addDifference(handover, before, inForce);
      addDifference(changes, inForce, after);
    }
    return settled.released;
  }

  /** Pairs that go are made from what was, pairs that come from what is now; none is made twice. */
  #applyTuples(classes: PeerClassChanges, accepted: readonly ProgramEntry[], changes: ElementChanges): void {
    for (const peerClass of classes.gone) {
      this.#programs.removeClass(peerClass, changes);
      this.#ownEnds.removeClass(peerClass, changes);
    }
    for (const entry of this.#programs.entries()) if (!entry.listed && !this.#isUsed(entry)) this.#remove(entry, changes);
    // Before there are classes that the kernel has not met together with what goes.
    this.#settleOwnEnds(changes);
    for (const peerClass of classes.appeared) this.#addClass(peerClass, changes);
    for (const entry of accepted) {
      this.#fresh.add(entry);
      this.#programs.addProgram(entry, changes);
    }
    this.#settleOwnEnds(changes);
    this.#rules.settle(changes);
  }

  #addClass(peerClass: PeerClass, changes: ElementChanges): void {
    this.#programs.addClass(peerClass, changes);
    this.#ownEnds.addClass(peerClass, changes);
  }

  #settleOwnEnds(changes: ElementChanges): void {
    this.#ownEnds.settle(new Set(this.#programs.entries().filter((entry) => entry.asksOwnEnd)), changes);
  }

  /** A program that stands for another one at some own ends: it stays until those or that go. */
  #addDerived(program: Program, changes: ElementChanges): ProgramEntry | undefined {
    const result = compileTupleProgram(program, this.#peers.peerSets);
    if (result.kind === 'refused') return undefined;
    const entry = newEntry(this.#numbers.next(), program, result.program);
    this.#fresh.add(entry);
    this.#programs.addProgram(entry, changes);
    return entry;
  }

  #remove(entry: ProgramEntry, changes: ElementChanges): void {
    if (this.#programs.get(entry.source.key) === entry) this.#programs.removeProgram(entry, changes);
    this.#forget(entry.source.key);
    this.#fresh.delete(entry);
  }

  #forget(key: ContentKey): void {
    const withheld = this.#withheld.get(key);
    if (withheld === undefined) return;
    this.#withheld.delete(key);
    this.#fresh.delete(withheld.entry);
  }

  #takeBack(entry: ProgramEntry): void {
    if (!this.#fresh.has(entry)) {
      entry.frozen = true;
      return;
    }
    const unused: ElementChanges = { removed: [], added: [] };
    this.#programs.removeProgram(entry, unused);
    const back = (record: AnyHolder, direction: Direction): ProgramInForce<ProgramEntry> =>
      record[direction] === entry ? this.#heldProgram(this.#held.get(record.endpoint.uid)?.[direction], unused) : record[direction];
    this.#endpoints.revise(back);
    this.#hosts.endpoints.revise(back);
  }

  /** What the kernel holds may have left the state already. */
  #heldProgram(held: ProgramInForce<ProgramEntry>, changes: ElementChanges): ProgramEntry | 'closed' {
    if (held === undefined || held === 'closed') return 'closed';
    if (this.#programs.get(held.source.key) !== held) this.#programs.addProgram(held, changes);
    return held;
  }

  #admit(entry: ProgramEntry): void {
    this.#withheld.delete(entry.source.key);
    entry.frozen = false;
    if (!this.#fresh.has(entry)) return;
    const { key } = entry.source;
    const unused: ElementChanges = { removed: [], added: [] };
    this.#programs.addProgram(entry, unused);
    const own = (record: AnyHolder, direction: Direction): ProgramInForce<ProgramEntry> =>
      record.endpoint[direction] === key ? entry : record[direction];
    this.#endpoints.revise(own);
    this.#hosts.endpoints.revise(own);
    for (const other of this.#programs.entries()) if (!other.listed && !this.#isUsed(other)) this.#remove(other, unused);
  }

  #isUsed(entry: ProgramEntry): boolean {
    return this.#endpoints.isUsed(entry) || this.#hosts.endpoints.isUsed(entry);
  }
}

/** A pod, or a host endpoint in one family. */
type AnyHolder = ProgrammedEndpoint<ProgramEntry, ProgramHolder>;

interface WithheldProgram {
  readonly entry: ProgramEntry;
  readonly reason: string;
}

function newEntry(number: number, source: Program, compiled: TupleProgram): ProgramEntry {
  const { wanted, asksEveryClass } = compiled;
  return {
    number,
    source,
    compiled,
    wanted,
    asksEveryClass,
    asksOwnEnd: asksOwnEnd(source),
    listed: true,
    frozen: false,
    pending: new Set(),
  };
}
