/**
 * Label sets: what distinguishes pods for policies.
 *
 * Pods of one namespace with equal labels (nothing filtered) and equal named ports share one label
 * set. Namespace labels belong to the set through its namespace, so relabelling a namespace touches
 * its label sets and none of its pods.
 */

import type { StringMap } from '@weir/kube';
import { type Endpoint, type LabelSpace, orchestratorKey, serviceAccountKey } from '@weir/model';
import { defined } from '@weir/net';
import type { LabelPair, LabelSet, NamespaceEntry, PodEntry } from '../entries.ts';
import { LabelTable } from './label-table.ts';
import type { NamedPortList, NamedPortLists } from './named-port-lists.ts';

/** Spaces whose labels a pod brings itself. */
const ownSpaces: readonly LabelSpace[] = ['pod', 'serviceAccount', 'reserved'];

/** The reserved labels that are not told apart by label sets: one is the namespace's, one unique. */
const implied: ReadonlySet<string> = new Set(['namespace', 'name']);
/** And where nothing can ask for them, so that no label is held by every pod. */
const impliedWithoutAccounts: ReadonlySet<string> = new Set([...implied, serviceAccountKey.key, orchestratorKey.key]);

/** Until the first pod joins; most label sets never have another. */
const noMembers: PodEntry[] = [];

/** All label sets in use. */
export class LabelSets {
  readonly labels: LabelTable = new LabelTable();
  readonly #ports: NamedPortLists;
  readonly #implied: ReadonlySet<string>;
  #size = 0;
  #built = 0;

  constructor(ports: NamedPortLists, withAccounts: boolean) {
    this.#ports = ports;
    this.#implied = withAccounts ? implied : impliedWithoutAccounts;
  }

  /** How many label sets exist. */
  get size(): number {
    return this.#size;
  }

  /** How many different lists of named ports exist. */
  get portLists(): number {
    return this.#ports.size;
  }

  /** How many label sets have ever been made. */
  get built(): number {
    return this.#built;
  }

  /** Finds or makes the label set of an endpoint; who makes one must add a member to it. */
  of(endpoint: Endpoint, namespace: NamespaceEntry): LabelSet {
    return this.#ofPairs(this.#pairsOf(endpoint), this.#ports.of(endpoint.namedPorts), namespace);
  }

  /** Finds or makes the label set that another one becomes when its service account has these labels. */
  withAccountLabels({ pairs, namedPorts, namespace }: LabelSet, labels: StringMap): LabelSet {
    const kept = pairs.filter(({ key }) => key.space !== 'serviceAccount');
    const lent = Object.entries(labels).map(([key, value]) => this.labels.pair('serviceAccount', key, value));
    return this.#ofPairs([...kept, ...lent].sort(byId), namedPorts, namespace);
  }

  #ofPairs(pairs: readonly LabelPair[], namedPorts: NamedPortList, namespace: NamespaceEntry): LabelSet {
    const lookup = lookupText(pairs, namedPorts);
    const known = namespace.labelSets.get(lookup);
    if (known !== undefined) return known;
    const made: LabelSet = {
      lookup,
      namespace,
      // A copy has the room that it needs, a list that grew has more.
      pairs: pairs.slice(),
      namedPorts,
      members: noMembers,
      class: undefined,
      subjects: undefined,
    };
    this.#built++;
    this.#size++;
    this.#ports.hold(namedPorts);
    for (const pair of pairs) this.labels.hold(pair, made);
    namespace.labelSets.set(lookup, made);
    return made;
  }

  /** Adds a pod to its label set. */
  join(pod: PodEntry): void {
    const { labelSet } = pod;
    pod.position = labelSet.members.length;
    if (labelSet.members === noMembers) labelSet.members = [pod];
    else labelSet.members.push(pod);
  }

  /** Takes the member at `position` out of a label set; says whether the set is gone with it. */
  leave(set: LabelSet, position: number): boolean {
    const last = defined(set.members.pop(), 'a pod leaves an empty label set');
    if (position < set.members.length) {
      set.members[position] = last;
      last.position = position;
    }
    if (set.members.length > 0) return false;
    for (const pair of set.pairs) this.labels.letGo(pair, set);
    set.namespace.labelSets.delete(set.lookup);
    this.#ports.letGo(set.namedPorts);
    this.#size--;
    return true;
  }

  #pairsOf(endpoint: Endpoint): LabelPair[] {
    const pairs: LabelPair[] = [];
    for (const space of ownSpaces) {
      for (const [key, value] of Object.entries(endpoint.labels[space])) {
        if (space === 'reserved' && this.#implied.has(key)) continue;
        pairs.push(this.labels.pair(space, key, value));
      }
    }
    return pairs.sort(byId);
  }
}

function byId(a: LabelPair, b: LabelPair): number {
  return a.id - b.id;
}

/** The ids as characters, two for each: short, and without the pieces that text put together keeps. */
function lookupText(pairs: readonly LabelPair[], { id }: NamedPortList): string {
  const units: number[] = [id >>> 16, id & 0xffff];
  for (const pair of pairs) units.push(pair.id >>> 16, pair.id & 0xffff);
  return String.fromCharCode(...units);
}
