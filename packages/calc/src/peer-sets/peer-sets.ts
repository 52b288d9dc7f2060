/**
 * The peer sets that programs of local endpoints refer to, and the selectors behind them.
 *
 * Sets count the programs that use them; only selectors of sets in use are ever asked about label
 * sets. Sets come and go within a flush, so what appeared and what went is the flush's own delta.
 */

import type { Selector } from '@weir/model';
import { selectorKey } from '@weir/model';
import type { Membership, PeerSet, ProtocolPort } from '../delta/delta.ts';
import { type NamedPortSet, namedPortsIn, peerSetOf, type SetSpec } from '../delta/set-spec.ts';
import type { GroupPlace, LabelSet, Member, SetEntry, UsedSelector } from '../entries.ts';
import { LabelInterest } from '../population/label-interest.ts';
import type { LabelSets } from '../population/label-sets.ts';
import type { NamespaceTable } from '../population/namespace-table.ts';
import type { Work } from '../work.ts';
import { GroupSets } from './group-sets.ts';
import { compileMatcher } from './matcher.ts';
import { labelSetsFor, SelectorIndex } from './selector-index.ts';

/** What a flush changed in the sets. */
export interface SetChanges {
  readonly added: readonly PeerSet[];
  readonly removed: readonly string[];
}

/** All sets in use. */
export class PeerSets {
  readonly #sets: Map<string, SetEntry> = new Map();
  readonly #selectors: Map<string, UsedSelector> = new Map();
  readonly #index: SelectorIndex<UsedSelector> = new SelectorIndex();
  /** Those that are made of groups of addresses. */
  readonly groups: GroupSets = new GroupSets();
  /** What the selectors in use ask for. */
  readonly interest: LabelInterest = new LabelInterest();
  /** Selectors with sets that read the pods of unknown namespaces as members. */
  readonly #generous: Set<SetEntry> = new Set();
  readonly #changed: Set<UsedSelector> = new Set();
  readonly #unused: Set<SetEntry> = new Set();
  readonly #fresh: Set<SetEntry> = new Set();
  readonly #work: Work;
  #nextMember = 1;

  constructor(work: Work) {
    this.#work = work;
  }

  /** How many sets are in use. */
  get size(): number {
    return this.#sets.size;
  }

  /** How many selectors are in use. */
  get selectors(): number {
    return this.#selectors.size;
  }

  /** A set in use, also one that goes with the next {@link settle}. */
  get(key: string): PeerSet | undefined {
    return this.#sets.get(key)?.set;
  }

  /** The sets that have been emitted. */
  *emitted(): Iterable<PeerSet> {
    for (const entry of this.#sets.values()) if (!this.#fresh.has(entry)) yield entry.set;
  }

  /** Finds or makes a set and counts one more use. */
  acquire(spec: SetSpec): SetEntry {
    let entry = this.#sets.get(spec.key);
    if (entry === undefined) {
      const used = 'selector' in spec ? this.#usedSelector(spec.selector) : undefined;
      entry = { spec, set: peerSetOf(spec), used, refs: 0, members: new Map() };
      this.#sets.set(spec.key, entry);
      this.#fresh.add(entry);
      if ('groups' in spec) this.groups.add(entry, spec);
      if (used !== undefined) {
        used.sets.add(entry);
        used.added.push(entry);
        this.#changed.add(used);
      }
      if ('selector' in spec && spec.reading === 'may') this.#generous.add(entry);
    }
    entry.refs++;
    return entry;
  }

  /** Counts one use less; an unused set goes at {@link settle}. */
  release(entry: SetEntry): void {
    entry.refs--;
    if (entry.refs === 0) this.#unused.add(entry);
  }

  /** Drops the sets that nobody uses any more and says what changed since the last call. */
  settle(): SetChanges {
    const removed: string[] = [];
    for (const entry of this.#unused) {
      if (entry.refs > 0) continue;
      this.#sets.delete(entry.spec.key);
      this.#generous.delete(entry);
      const isFresh = this.#fresh.delete(entry);
      if (!isFresh) removed.push(entry.spec.key);
      if ('groups' in entry.spec) this.groups.delete(entry, entry.spec);
      this.#dropFromSelector(entry, isFresh);
    }
    const added = [...this.#fresh].map(({ set }) => set);
    this.#unused.clear();
    this.#fresh.clear();
    return { added, removed };
  }

  /** Whether sets came or went since {@link takeChanged}. */
  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  /** Selectors whose sets changed since the last call, with the sets that came and went. */
  takeChanged(): { used: UsedSelector; added: readonly SetEntry[]; removed: readonly SetEntry[] }[] {
    const changes = [...this.#changed].map((used) => ({ used, added: used.added, removed: used.removed }));
    for (const used of this.#changed) {
      used.added = [];
      used.removed = [];
    }
    this.#changed.clear();
    return changes;
  }

  /** All memberships of a label set, computed from nothing; in no order. */
  membersOf(labelSet: LabelSet): Member[] {
    const members: Member[] = [];
    this.#work.labelSetsClassified++;
    if (!labelSet.namespace.known) {
      for (const entry of this.#generous) this.#join(entry, labelSet, members);
      return members;
    }
    this.#index.candidates(labelSet, (used) => {
      if (this.matches(used, labelSet)) for (const entry of used.sets) this.#join(entry, labelSet, members);
    });
    return members;
  }

  /** Whether the label set, of a known namespace, is matched. */
  matches(used: UsedSelector, labelSet: LabelSet): boolean {
    this.#work.selectorsEvaluated++;
    return used.matcher(labelSet) === true;
  }

  /** The label sets that may be in sets of the selector. */
  *labelSetsFor(used: UsedSelector, labelSets: LabelSets, namespaces: NamespaceTable): Iterable<LabelSet> {
    for (const labelSet of labelSetsFor(used.selector, labelSets, namespaces)) if (labelSet.namespace.known) yield labelSet;
    for (const namespace of namespaces.unknown) yield* namespace.labelSets.values();
  }

  /** The label set's membership of one set of a selector, or undefined when it is not in it. */
  memberOf(entry: SetEntry, labelSet: LabelSet): Member | undefined {
    if (entry.used === undefined || !('selector' in entry.spec)) return undefined;
    const inside = labelSet.namespace.known ? this.matches(entry.used, labelSet) : entry.spec.reading === 'may';
    if (!inside) return undefined;
    const found: Member[] = [];
    this.#join(entry, labelSet, found);
    return found[0];
  }

  /** Forgets a membership that no class has any more. */
  dropMember(member: Member): void {
    member.entry.members.delete(portsText(member.membership.ports));
  }

  /** The memberships of an address with these places in groups, beside those of its label set. */
  membersOfPlaces(places: readonly GroupPlace[]): Member[] {
    return this.groups.membershipsOf(places).map(({ entry, ports }) => this.#member(entry, ports));
  }

  #join(entry: SetEntry, labelSet: LabelSet, into: Member[]): void {
    const { spec } = entry;
    if (!('selector' in spec)) return;
    const ports = spec.kind === 'addressPort' ? portsOf(spec, labelSet) : undefined;
    if (ports?.length !== 0) into.push(this.#member(entry, ports));
  }

  #member(entry: SetEntry, ports: readonly ProtocolPort[] | undefined): Member {
    const text = portsText(ports);
    let member = entry.members.get(text);
    if (member === undefined) {
      const membership: Membership = { set: entry.spec.key, ...(ports === undefined ? {} : { ports }) };
      member = { id: this.#nextMember++, entry, membership, refs: 0 };
      entry.members.set(text, member);
    }
    return member;
  }

  #usedSelector(selector: Selector): UsedSelector {
    const key = selectorKey(selector);
    let used = this.#selectors.get(key);
    if (used === undefined) {
      used = { key, selector, matcher: compileMatcher(selector), sets: new Set(), added: [], removed: [] };
      this.#selectors.set(key, used);
      this.#index.add(used);
      this.interest.add(selector);
    }
    return used;
  }

  #dropFromSelector(entry: SetEntry, isFresh: boolean): void {
    const { used } = entry;
    if (used === undefined) return;
    used.sets.delete(entry);
    if (isFresh) used.added = used.added.filter((other) => other !== entry);
    else used.removed.push(entry);
    this.#changed.add(used);
    if (used.sets.size > 0) return;
    this.#selectors.delete(used.key);
    this.#index.delete(used);
    this.interest.delete(used.selector);
  }
}

function portsOf(spec: NamedPortSet, { namedPorts }: LabelSet): ProtocolPort[] {
  return namedPortsIn(spec, namedPorts.ports).map((port) => ({ protocol: spec.protocol, port }));
}

function portsText(ports: readonly ProtocolPort[] | undefined): string {
  return ports === undefined ? '' : ports.map(({ protocol, port }) => `${protocol}/${port}`).join();
}
