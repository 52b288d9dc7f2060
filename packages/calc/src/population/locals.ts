/** The node's own endpoints: those that the start gate announced, and pods of this node with addresses where those count. */

import { type Address, compareAddresses, formatAddress } from '@weir/net';
import type { LocalEndpoint } from '../delta/delta.ts';
import { sameEndpoint } from '../delta/state.ts';
import type { Claimant, LocalEntry, Selection } from '../entries.ts';
import type { Subjects } from '../policies/subjects.ts';
import { ownerOf } from './address-table.ts';

/** All local endpoints. */
export class Locals {
  readonly #entries: Map<string, LocalEntry> = new Map();
  readonly #dirty: Set<LocalEntry> = new Set();
  /** Who has an address in the emitted state. */
  readonly #holders: Map<string, LocalEndpoint> = new Map();
  readonly #subjects: Subjects;
  readonly #takesListed: boolean;
  /** Whether endpoints with equal labels are subjects apart. */
  #areApart = false;
  #changes = 0;

  constructor(subjects: Subjects, localPods: 'announced' | 'listed') {
    this.#subjects = subjects;
    this.#takesListed = localPods === 'listed';
  }

  /** How many local endpoints exist or are emitted. */
  get size(): number {
    return this.#entries.size;
  }

  /** Grows whenever a {@link settle} changes something. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether and how the claimant is a local endpoint may have changed. */
  update(claimant: Claimant): void {
    const isAnnounced = claimant.kind === 'orphan' || claimant.attachment !== undefined;
    const isLocal = isAnnounced || (this.#takesListed && claimant.onNode && claimant.slots.length > 0);
    let entry = this.#entries.get(claimant.uid);
    if (!isLocal) {
      if (entry?.claimant === claimant) this.#clear(entry);
      return;
    }
    const labelSet = claimant.kind === 'orphan' ? undefined : claimant.labelSet;
    if (entry === undefined) {
      entry = { uid: claimant.uid, claimant: undefined, labelSet: undefined, subject: undefined, emitted: undefined };
      this.#entries.set(claimant.uid, entry);
    }
    if (entry.claimant === undefined || entry.labelSet !== labelSet) {
      if (entry.claimant !== undefined) this.#subjects.leave(entry);
      this.#subjects.join(entry, labelSet);
    }
    entry.claimant = claimant;
    entry.labelSet = labelSet;
    this.#dirty.add(entry);
  }

  /** The claimant is gone. */
  remove(claimant: Claimant): void {
    const entry = this.#entries.get(claimant.uid);
    if (entry?.claimant === claimant) this.#clear(entry);
  }

  /** What the delta says of the claimant may have changed, if it is a local endpoint. */
  touch(claimant: Claimant): void {
    const entry = this.#entries.get(claimant.uid);
    if (entry?.claimant === claimant) this.#dirty.add(entry);
  }

  /** The endpoint that has the address in the emitted state. */
  emittedAt(address: Address): LocalEndpoint | undefined {
    return this.#holders.get(formatAddress(address));
  }

  /** The programs of an endpoint with the policies that made them. */
  selectionOf(uid: string): Selection | undefined {
    const entry = this.#entries.get(uid);
    return entry === undefined ? undefined : this.#subjects.selectionOf(entry);
  }

  /** What has been emitted and not removed since. */
  *emitted(): Iterable<LocalEndpoint> {
    for (const { emitted } of this.#entries.values()) if (emitted !== undefined) yield emitted;
  }

  /**
   * Endpoints with equal labels become subjects apart by what they own now, or one again as soon as nobody asks; for each
   * flush, before the subjects are settled.
   */
  tellApart(): void {
    const areApart = this.#subjects.areByAddress;
    const isOther = areApart !== this.#areApart;
    this.#areApart = areApart;
    if (!areApart && !isOther) return;
    for (const entry of isOther ? this.#entries.values() : this.#dirty) {
      const { claimant, labelSet, subject } = entry;
      if (claimant === undefined || subject === undefined) continue;
      const addresses = areApart ? ownedBy(claimant) : [];
      if (isSameList(addresses, subject.addresses)) continue;
      this.#subjects.leave(entry);
      this.#subjects.join(entry, labelSet, addresses);
      this.#dirty.add(entry);
    }
  }

  /** Gives the changes since the last call; `changed` are endpoints whose programs changed. */
  settle(changed: Iterable<LocalEntry>): { upserts: LocalEndpoint[]; removals: string[] } {
    for (const entry of changed) this.#dirty.add(entry);
    const upserts: LocalEndpoint[] = [];
    const removals: string[] = [];
    for (const entry of this.#dirty) {
      const { claimant, emitted } = entry;
      if (claimant === undefined) {
        if (emitted !== undefined) removals.push(entry.uid);
        this.#hold(emitted, undefined);
        this.#entries.delete(entry.uid);
        continue;
      }
      const now = localEndpoint(claimant, this.#subjects.selectionOf(entry));
      if (emitted !== undefined && sameEndpoint(emitted, now)) continue;
      entry.emitted = now;
      this.#hold(emitted, now);
      upserts.push(now);
    }
    this.#dirty.clear();
    this.#changes += upserts.length + removals.length;
    return { upserts, removals };
  }

  /** An address may have gone to another endpoint earlier in the same flush. */
  #hold(before: LocalEndpoint | undefined, after: LocalEndpoint | undefined): void {
    for (const address of before?.addresses ?? []) {
      const text = formatAddress(address);
      if (this.#holders.get(text) === before) this.#holders.delete(text);
    }
    for (const address of after?.addresses ?? []) if (after !== undefined) this.#holders.set(formatAddress(address), after);
  }

  #clear(entry: LocalEntry): void {
    this.#subjects.leave(entry);
    entry.claimant = undefined;
    entry.labelSet = undefined;
    this.#dirty.add(entry);
  }
}

/** Sorted. */
function ownedBy(claimant: Claimant): readonly Address[] {
  const owned = claimant.slots.filter((slot) => ownerOf(slot) === claimant).map(({ address }) => address);
  return owned.sort(compareAddresses);
}

function isSameList(a: readonly Address[], b: readonly Address[]): boolean {
  return a.length === b.length && a.every((address, i) => compareAddresses(address, b[i] ?? address) === 0);
}

function localEndpoint(claimant: Claimant, selection: Selection | undefined): LocalEndpoint {
  const { attachment, uid } = claimant;
  const namespace = claimant.kind === 'orphan' ? claimant.attachment.namespace : claimant.namespace.name;
  const name = claimant.kind === 'orphan' ? claimant.attachment.name : claimant.name;
  return {
    uid,
    namespace,
    name,
    addresses: ownedBy(claimant),
    ...(attachment?.interface === undefined ? {} : { interface: attachment.interface }),
    ...(selection?.ingress === undefined ? {} : { ingress: selection.ingress.program.key }),
    ...(selection?.egress === undefined ? {} : { egress: selection.egress.program.key }),
  };
}
