/**
 * Label sets: what distinguishes pods for policies.
 *
 * Pods of one namespace with equal labels (nothing filtered) and equal named ports share one label
 * set. Namespace labels belong to the set through its namespace, so relabelling a namespace touches
 * its label sets and none of its pods.
 */

import { defined } from '@weir/net';
import type { Endpoint, LabelSpace, NamedPort } from '@weir/policy';
import type { LabelPair, LabelSet, NamespaceEntry, PodEntry } from './entries.ts';
import { LabelTable } from './label-table.ts';

const noPorts: readonly NamedPort[] = [];

/** Spaces whose labels a pod brings itself. */
const ownSpaces: readonly LabelSpace[] = ['pod', 'serviceAccount', 'reserved'];

/** The reserved labels that are not told apart by label sets: one is the namespace's, one unique. */
const implied: ReadonlySet<string> = new Set(['namespace', 'name']);

/** All label sets in use. */
export class LabelSets {
  readonly labels: LabelTable = new LabelTable();
  readonly all: Set<LabelSet> = new Set();
  #nextId = 1;
  #built = 0;

  /** How many label sets have ever been made. */
  get built(): number {
    return this.#built;
  }

  /** Finds or makes the label set of an endpoint; who makes one must add a member to it. */
  of(endpoint: Endpoint, namespace: NamespaceEntry): LabelSet {
    const pairs = this.#pairsOf(endpoint);
    const lookup = lookupText(pairs, endpoint.namedPorts);
    const known = namespace.labelSets.get(lookup);
    if (known !== undefined) return known;
    const namedPorts = endpoint.namedPorts.length === 0 ? noPorts : endpoint.namedPorts;
    const made: LabelSet = {
      id: this.#nextId++,
      lookup,
      namespace,
      pairs,
      namedPorts,
      members: [],
      class: undefined,
      subject: undefined,
    };
    this.#built++;
    for (const pair of pairs) this.labels.hold(pair, made);
    namespace.labelSets.set(lookup, made);
    this.all.add(made);
    return made;
  }

  /** Adds a pod to its label set. */
  join(pod: PodEntry): void {
    pod.position = pod.labelSet.members.length;
    pod.labelSet.members.push(pod);
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
    this.all.delete(set);
    return true;
  }

  #pairsOf(endpoint: Endpoint): LabelPair[] {
    const pairs: LabelPair[] = [];
    for (const space of ownSpaces) {
      for (const [key, value] of Object.entries(endpoint.labels[space])) {
        if (space === 'reserved' && implied.has(key)) continue;
        pairs.push(this.labels.pair(space, key, value));
      }
    }
    return pairs.sort((a, b) => a.id - b.id);
  }
}

function lookupText(pairs: readonly LabelPair[], ports: readonly NamedPort[]): string {
  let text = '';
  for (const pair of pairs) text += `${pair.id},`;
  if (ports.length === 0) return text;
  const sorted = ports.map((port) => `${port.name}:${port.protocol}:${port.port}`).sort();
  return `${text}|${sorted.join()}`;
}
