/**
 * Classes: label sets that are in the same sets, with the same ports where ports count.
 *
 * Many label sets share a class, so classes are interned by their members; a hash that is a sum
 * makes that independent of order and cheap for classes that are in thousands of sets. When sets
 * come and go, a label set moves from class to class by the difference, computed once per class.
 */

import { classKey } from '../delta/content-text.ts';
import type { Delta, EndpointClass } from '../delta/delta.ts';
import type { ClassEntry, Member, SetEntry } from '../entries.ts';
import type { PeerSets } from '../peer-sets/peer-sets.ts';
import { ViewMemo } from '../population/view-memo.ts';
import type { Work } from '../work.ts';

/** What happens to one label set's memberships. */
export interface ClassChange {
  readonly added: readonly Member[];
  readonly removed: readonly SetEntry[];
}

/** All classes of label sets. */
export class Classes {
  readonly #byHash: Map<number, ClassEntry[]> = new Map();
  /** Classes by what the selectors of sets see of a label set. */
  readonly byView: ViewMemo<ClassEntry> = new ViewMemo();
  readonly #sets: PeerSets;
  readonly #work: Work;
  #transitions: Map<string, ClassEntry | undefined> = new Map();
  #nextId = 1;
  #size = 0;

  constructor(sets: PeerSets, work: Work) {
    this.#sets = sets;
    this.#work = work;
  }

  /** How many classes exist. */
  get size(): number {
    return this.#size;
  }

  /** The class with these members, in any order; undefined when there are none. */
  of(members: readonly Member[]): ClassEntry | undefined {
    if (members.length === 0) return undefined;
    const sorted = [...members].sort((a, b) => a.id - b.id);
    const hash = sumOf(sorted);
    let bucket = this.#byHash.get(hash);
    if (bucket === undefined) this.#byHash.set(hash, (bucket = []));
    let entry = bucket.find((other) => sameMembers(other.members, sorted));
    if (entry === undefined) {
      entry = { id: this.#nextId++, hash, members: sorted, refs: 0, addresses: 0, isEmitted: false, public: undefined, views: [] };
      bucket.push(entry);
      for (const member of sorted) member.refs++;
      this.#work.classesBuilt++;
      this.#size++;
    }
    return entry;
  }

  /** The class that another one becomes by a change; remembered until {@link endOfChanges}. */
  after(old: ClassEntry | undefined, change: ClassChange): ClassEntry | undefined {
    const added = change.added.map(({ id }) => id).join();
    const name = `${old?.id ?? 0}|${added}|${change.removed.map(({ spec }) => JSON.stringify(spec.key)).join()}`;
    if (this.#transitions.has(name)) return this.#transitions.get(name);
    const removed = new Set(change.removed.map(({ spec }) => spec.key));
    const kept = (old?.members ?? []).filter(({ membership }) => !removed.has(membership.set));
    const result = this.of([...kept, ...change.added]);
    this.#transitions.set(name, result);
    return result;
  }

  /** The classes that have been emitted. */
  *emitted(): Iterable<EndpointClass> {
    for (const bucket of this.#byHash.values()) for (const entry of bucket) if (entry.isEmitted) yield endpointClass(entry);
  }

  /** Forgets remembered changes. */
  endOfChanges(): void {
    if (this.#transitions.size > 0) this.#transitions = new Map();
  }

  /** Which of the touched classes are needed from now on, and which no longer. */
  settle(touched: Iterable<ClassEntry>): Delta['classes'] {
    const upserts: EndpointClass[] = [];
    const removals: string[] = [];
    for (const entry of touched) {
      const isNeeded = entry.addresses > 0;
      if (isNeeded && !entry.isEmitted) upserts.push(endpointClass(entry));
      if (!isNeeded && entry.isEmitted) removals.push(endpointClass(entry).key);
      entry.isEmitted = isNeeded;
      this.dropUnused(entry);
    }
    return { upserts, removals };
  }

  /** Drops the class if no label set has it and no emitted address is in it. */
  dropUnused(entry: ClassEntry): void {
    if (entry.refs > 0 || entry.addresses > 0) return;
    const bucket = this.#byHash.get(entry.hash);
    const at = bucket?.indexOf(entry) ?? -1;
    if (bucket === undefined || at < 0) return;
    bucket.splice(at, 1);
    if (bucket.length === 0) this.#byHash.delete(entry.hash);
    this.#size--;
    this.byView.drop(entry);
    for (const member of entry.members) if (--member.refs === 0) this.#sets.dropMember(member);
  }
}

/** The class as the delta says it. */
export function endpointClass(entry: ClassEntry): EndpointClass {
  if (entry.public === undefined) {
    const memberships = entry.members.map(({ membership }) => membership).sort((a, b) => (a.set < b.set ? -1 : 1));
    entry.public = { key: classKey(memberships), memberships };
  }
  return entry.public;
}

function sumOf(members: readonly Member[]): number {
  let sum = 0;
  for (const { id } of members) sum = (sum + Math.imul(id ^ (id >>> 15), 2654435761)) | 0;
  return sum;
}

function sameMembers(a: readonly Member[], b: readonly Member[]): boolean {
  return a.length === b.length && a.every((member, i) => member === b[i]);
}
