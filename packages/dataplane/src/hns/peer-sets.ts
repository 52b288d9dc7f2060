/**
 * The sets on the network, kept from delta to delta: classes with their addresses, and the groups of
 * classes that rules refer to. A pod that comes or goes changes the set of its class and nothing else.
 */
import type { ContentKey, Delta, EndpointClass, PeerSet } from '@weir/calc';
import type { SetPolicy } from '@weir/kernel';
import { defined, formatAddress } from '@weir/net';
import { blockSetsOf } from './acl-documents.ts';
import { type GroupTests, type HnsProgram } from './hns-program.ts';
import { classSet, emptySet, groupSet, setId } from './set-documents.ts';

interface ClassEntry {
  readonly key: ContentKey;
  readonly id: string;
  readonly sets: ReadonlySet<ContentKey>;
  readonly addresses: Set<string>;
  readonly groups: Set<string>;
  /** Made when it is asked for; undefined since the addresses changed. */
  document: SetPolicy | undefined;
}

interface GroupEntry {
  readonly id: string;
  readonly tests: GroupTests;
  readonly classes: Set<ClassEntry>;
  users: number;
}

/** Where an address was: its class, and the groups of the class at that time. */
interface PlaceBefore {
  readonly class: ContentKey | undefined;
  readonly groups: ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/** What a delta changed, by the ids of sets; undefined: the set goes. */
export interface ChangedSets {
  readonly sets: ReadonlyMap<string, SetPolicy | undefined>;
  /** Addresses that rules of before or of now would judge by a place that is not theirs, if sets changed before or after rules. */
  readonly movers: ReadonlySet<string>;
}

/** All sets of one node. */
export class PeerSets {
  /** The peer sets that rules may refer to. */
  readonly known: Map<ContentKey, PeerSet> = new Map();
  /** Those of them that classes are still told of. */
  readonly #told = new Set<ContentKey>();
  readonly #classes = new Map<ContentKey, ClassEntry>();
  readonly #classOf = new Map<string, ContentKey>();
  readonly #groups = new Map<string, GroupEntry>();
  readonly #blocks = new Map<string, { readonly set: SetPolicy; users: number }>();
  readonly #dirty = new Map<string, () => SetPolicy | undefined>();
  /** Where addresses were before the changes of this delta. */
  readonly #touched = new Map<string, PlaceBefore>();
  /** What this delta made, and the groups that it took away with their classes. */
  readonly #freshGroups = new Set<string>();
  readonly #freshClasses = new Set<ClassEntry>();
  readonly #goneGroups = new Map<string, ReadonlySet<ClassEntry>>();

  /** Takes over sets, classes and addresses; what goes stays known until {@link settle}. */
  apply(delta: Delta): void {
    for (const key of delta.peerSets.removals) this.#told.delete(key);
    for (const set of delta.peerSets.upserts) {
      this.known.set(set.key, set);
      this.#told.add(set.key);
    }
    this.#rememberPlaces(delta);
    for (const peerClass of delta.classes.upserts) this.#addClass(peerClass);
    for (const { address, class: key } of delta.addresses.upserts) this.#place(formatAddress(address), key);
    for (const address of delta.addresses.removals) this.#place(formatAddress(address), undefined);
    for (const key of delta.classes.removals) this.#removeClass(key);
  }

  /** Counts a program that is in force from now on. */
  acquire(program: HnsProgram): void {
    for (const { group } of program.rules) if (group !== undefined) this.#acquireGroup(group);
    for (const set of blockSetsOf(program)) {
      const entry = this.#blocks.get(set.Id) ?? { set, users: 0 };
      entry.users++;
      this.#blocks.set(set.Id, entry);
      this.#touch(set.Id, () => this.#blocks.get(set.Id)?.set);
    }
  }

  /** Counts a program less. */
  release(program: HnsProgram): void {
    for (const { group } of program.rules) if (group !== undefined) this.#releaseGroup(group);
    for (const { Id } of blockSetsOf(program)) {
      const entry = defined(this.#blocks.get(Id), 'a program releases what it acquired');
      entry.users--;
      if (entry.users === 0) this.#blocks.delete(Id);
      this.#touch(Id, () => this.#blocks.get(Id)?.set);
    }
  }

  /** Forgets the peer sets that went, and says what has changed since the last call. */
  settle(removed: Iterable<ContentKey>): ChangedSets {
    for (const key of removed) this.known.delete(key);
    const movers = new Set<string>();
    for (const [address, before] of this.#touched) if (this.#moves(address, before)) movers.add(address);
    const sets = new Map([...this.#dirty].map(([id, documentNow]) => [id, documentNow()]));
    this.#dirty.clear();
    this.#touched.clear();
    this.#freshGroups.clear();
    this.#freshClasses.clear();
    this.#goneGroups.clear();
    return { sets, movers };
  }

  /** Every set that HNS shall hold, by id. */
  all(): Map<string, SetPolicy> {
    const all = [
      emptySet,
      ...[...this.#classes.values()].map(classDocument),
      ...[...this.#groups.values()].map(groupDocument),
      ...[...this.#blocks.values()].map(({ set }) => set),
    ];
    return new Map(all.map((set) => [set.Id, set]));
  }

  #rememberPlaces(delta: Delta): void {
    const copies = new Map<ContentKey, ReadonlySet<string>>();
    const remember = (text: string): void => {
      if (this.#touched.has(text)) return;
      const key = this.#classOf.get(text);
      const groups = key === undefined ? none : (copies.get(key) ?? new Set(this.#classes.get(key)?.groups));
      if (key !== undefined) copies.set(key, groups);
      this.#touched.set(text, { class: key, groups });
    };
    for (const { address } of delta.addresses.upserts) remember(formatAddress(address));
    for (const address of delta.addresses.removals) remember(formatAddress(address));
  }

  #moves(address: string, before: PlaceBefore): boolean {
    const entry = this.#entryOf(this.#classOf.get(address));
    const after = entry?.groups ?? none;
    const lasting = (group: string): boolean => this.#groups.has(group) && !this.#freshGroups.has(group);
    if ([...before.groups].some((group) => lasting(group) && !after.has(group))) return true;
    if ([...after].some((group) => lasting(group) && !before.groups.has(group))) return true;
    // New rules would find it in the class that it leaves, or old ones in the class that it joins.
    const left = this.#entryOf(before.class)?.groups ?? none;
    if ([...left].some((group) => this.#freshGroups.has(group) && !after.has(group))) return true;
    if (entry === undefined || this.#freshClasses.has(entry)) return false;
    return [...this.#goneGroups].some(([group, classes]) => classes.has(entry) && !before.groups.has(group));
  }

  #entryOf(key: ContentKey | undefined): ClassEntry | undefined {
    return key === undefined ? undefined : this.#classes.get(key);
  }

  #addClass({ key, memberships }: EndpointClass): void {
    if (this.#classes.has(key)) return;
    const entry: ClassEntry = {
      key,
      id: setId('class', key),
      sets: new Set(memberships.map(({ set }) => set)),
      addresses: new Set(),
      groups: new Set(),
      document: undefined,
    };
    this.#classes.set(key, entry);
    this.#freshClasses.add(entry);
    this.#touchClass(key, entry);
    for (const group of this.#groups.values()) if (this.#isIn(entry, group.tests)) this.#join(entry, group);
  }

  #removeClass(key: ContentKey): void {
    const entry = this.#classes.get(key);
    if (entry === undefined) return;
    for (const name of entry.groups) {
      const group = this.#groups.get(name);
      group?.classes.delete(entry);
      if (group !== undefined) this.#touchGroup(group);
    }
    this.#classes.delete(key);
    this.#touchClass(key, entry);
  }

  #place(address: string, key: ContentKey | undefined): void {
    const before = this.#classOf.get(address);
    if (before === key) return;
    const left = before === undefined ? undefined : this.#classes.get(before);
    if (before !== undefined && left !== undefined) {
      left.addresses.delete(address);
      this.#touchClass(before, left);
    }
    if (key === undefined) {
      this.#classOf.delete(address);
      return;
    }
    const joined = defined(this.#classes.get(key), 'a class is there before its addresses');
    this.#classOf.set(address, key);
    joined.addresses.add(address);
    this.#touchClass(key, joined);
  }

  #acquireGroup(tests: GroupTests): void {
    let group = this.#groups.get(tests.key);
    if (group === undefined) {
      group = { id: setId('group', tests.key), tests, classes: new Set(), users: 0 };
      this.#groups.set(tests.key, group);
      this.#freshGroups.add(tests.key);
      for (const entry of this.#classes.values()) if (this.#isIn(entry, tests)) this.#join(entry, group);
      this.#touchGroup(group);
    }
    group.users++;
  }

  #releaseGroup({ key }: GroupTests): void {
    const group = defined(this.#groups.get(key), 'a program releases what it acquired');
    group.users--;
    if (group.users > 0) return;
    for (const entry of group.classes) entry.groups.delete(key);
    if (!this.#freshGroups.delete(key)) this.#goneGroups.set(key, group.classes);
    this.#groups.delete(key);
    this.#touchGroup(group);
  }

  /** Of a set that went, nobody knows who would be outside: a program that stays in force without it lets nobody new in. */
  #isIn({ sets }: ClassEntry, { inside, outside }: GroupTests): boolean {
    return inside.every((key) => sets.has(key)) && outside.every((key) => !sets.has(key) && this.#told.has(key));
  }

  #join(entry: ClassEntry, group: GroupEntry): void {
    entry.groups.add(group.tests.key);
    group.classes.add(entry);
    this.#touchGroup(group);
  }

  #touchClass(key: ContentKey, touched: ClassEntry): void {
    touched.document = undefined;
    this.#touch(touched.id, () => {
      const entry = this.#classes.get(key);
      return entry === undefined ? undefined : classDocument(entry);
    });
  }

  #touchGroup({ id, tests: { key } }: GroupEntry): void {
    this.#touch(id, () => {
      const entry = this.#groups.get(key);
      return entry === undefined ? undefined : groupDocument(entry);
    });
  }

  #touch(id: string, documentNow: () => SetPolicy | undefined): void {
    this.#dirty.set(id, documentNow);
  }
}

function classDocument(entry: ClassEntry): SetPolicy {
  entry.document ??= classSet(entry.key, entry.addresses);
  return entry.document;
}

function groupDocument({ tests, classes }: GroupEntry): SetPolicy {
  return groupSet(
    tests.key,
    [...classes].map(({ id }) => id),
  );
}
