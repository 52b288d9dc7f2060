/**
 * Groups of policies that select the same local label sets.
 *
 * A node has few of them, however many policies and kinds of pods: what depends on a list of policies (its
 * order, its programs) is computed once a group, and a policy that comes or goes turns one group into
 * another by that difference.
 */
import { compareOrders, compareText, compareTiers } from '@weir/model';
import { addToGroup } from '@weir/net';
import type { PolicyEntry, PolicyGroup, PolicyStretch } from '../entries.ts';
import { ViewMemo } from '../population/view-memo.ts';
import { byFirstItem, endsPiece, piecesOf } from '../programs/pieces.ts';

/** Policies that began to select a label set, and that ceased to. */
export interface GroupChange {
  readonly added: readonly PolicyEntry[];
  readonly removed: readonly PolicyEntry[];
}

/** All groups in use. */
export class PolicyGroups {
  readonly #byHash: Map<number, PolicyGroup[]> = new Map();
  readonly #unused: Set<PolicyGroup> = new Set();
  /** Groups by what their policies' selectors see of a label set. */
  readonly byView: ViewMemo<PolicyGroup> = new ViewMemo();
  /** Policies that may have begun or ceased to be in any group; who looks at them empties it. */
  readonly touched: Set<PolicyEntry> = new Set();
  #transitions: Map<string, PolicyGroup> = new Map();
  #nextId = 1;
  #size = 0;

  /** How many groups exist. */
  get size(): number {
    return this.#size;
  }

  /** The group of these policies. */
  of(policies: ReadonlySet<PolicyEntry>): PolicyGroup {
    let hash = 0;
    for (const { id } of policies) hash = (hash + mixed(id)) | 0;
    const isSame = (group: PolicyGroup): boolean =>
      group.policies.length === policies.size && group.policies.every((entry) => policies.has(entry));
    return this.#byHash.get(hash)?.find(isSame) ?? this.#make(hash, [...policies].sort(compareEntries), []);
  }

  /** The group that another one becomes; remembered until {@link settle}. */
  after(old: PolicyGroup, { added, removed }: GroupChange): PolicyGroup {
    const name = `${old.id}|${added.map(({ id }) => id).join()}|${removed.map(({ id }) => id).join()}`;
    let group = this.#transitions.get(name);
    if (group === undefined) {
      const policies = merged(old.policies, { added, removed });
      let { hash } = old;
      for (const { id } of added) hash = (hash + mixed(id)) | 0;
      for (const { id } of removed) hash = (hash - mixed(id)) | 0;
      const isSame = (other: PolicyGroup): boolean =>
        other.policies.length === policies.length && other.policies.every((entry, i) => entry === policies[i]);
      group = this.#byHash.get(hash)?.find(isSame) ?? this.#make(hash, policies, old.stretches);
      this.#transitions.set(name, group);
    }
    return group;
  }

  /** Counts one label set more. */
  hold(group: PolicyGroup): void {
    group.refs++;
  }

  /** Counts one label set less; a group that has none goes at {@link settle}. */
  letGo(group: PolicyGroup): void {
    group.refs--;
    if (group.refs === 0) this.#unused.add(group);
  }

  /** Drops the groups that no label set has any more. */
  settle(): void {
    this.#transitions = new Map();
    for (const group of this.#unused) if (group.refs === 0) this.#drop(group);
    this.#unused.clear();
    this.byView.trim();
  }

  /** Whether the group has the policy. */
  has({ policies }: PolicyGroup, entry: PolicyEntry): boolean {
    return policies[placeOf(policies, entry)] === entry;
  }

  /** Forgets the programs of the groups with these policies, which end with whoever has them now; gives the groups. */
  forgetPrograms(entries: ReadonlySet<PolicyEntry>): Set<PolicyGroup> {
    const found = new Set<PolicyGroup>();
    for (const bucket of this.#byHash.values()) {
      for (const group of bucket) {
        if (!group.policies.some((entry) => entries.has(entry))) continue;
        group.selections.clear();
        for (const stretch of group.stretches) stretch.tiers = undefined;
        found.add(group);
      }
    }
    return found;
  }

  /** A group that nobody comes to hold goes like one that everybody let go. */
  #make(hash: number, policies: readonly PolicyEntry[], known: readonly PolicyStretch[]): PolicyGroup {
    const stretches = piecesOf(policies, {
      isLast: ({ id }) => endsPiece(mixed(id)),
      known: byFirstItem<PolicyEntry, PolicyStretch>(known),
      make: (items): PolicyStretch => ({ items, usesLocalNames: undefined, tiers: undefined }),
    });
    const group: PolicyGroup = { id: this.#nextId++, hash, policies, stretches, selections: new Map(), views: [], refs: 0 };
    addToGroup(this.#byHash, hash, group);
    for (const entry of policies) if (entry.groups++ === 0) this.touched.add(entry);
    this.#unused.add(group);
    this.#size++;
    return group;
  }

  #drop(group: PolicyGroup): void {
    const bucket = this.#byHash.get(group.hash)?.filter((other) => other !== group) ?? [];
    if (bucket.length > 0) this.#byHash.set(group.hash, bucket);
    else this.#byHash.delete(group.hash);
    for (const entry of group.policies) if (--entry.groups === 0) this.touched.add(entry);
    this.byView.drop(group);
    this.#size--;
  }
}

/** The order of the model, then that of the policies of one object and of the parts of a policy. Two versions of one policy are equal. */
function compareEntries(a: PolicyEntry, b: PolicyEntry): number {
  return (
    (a.tier === b.tier ? 0 : compareTiers(a.tier, b.tier)) ||
    compareOrders(a.order, b.order) ||
    compareText(a.tie, b.tie) ||
    a.place - b.place ||
    a.part - b.part
  );
}

/** The policies in order; each is in a group in one version only. */
function merged(policies: readonly PolicyEntry[], { added, removed }: GroupChange): PolicyEntry[] {
  const gone = new Set(removed);
  const kept = policies.filter((entry) => !gone.has(entry));
  const result: PolicyEntry[] = [];
  let next = 0;
  for (const entry of [...added].sort(compareEntries)) {
    const at = placeOf(kept, entry);
    while (next < at) result.push(kept[next++] as PolicyEntry);
    result.push(entry);
  }
  while (next < kept.length) result.push(kept[next++] as PolicyEntry);
  return result;
}

/** The first place whose policy does not come before the entry. */
function placeOf(policies: readonly PolicyEntry[], entry: PolicyEntry): number {
  let [low, high] = [0, policies.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareEntries(policies[middle] as PolicyEntry, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mixed(id: number): number {
  return Math.imul(id ^ (id >>> 15), 2654435761);
}
