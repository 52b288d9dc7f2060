/** All namespaces that are known or used. */

import type { StringMap } from '@weir/kube';
import { TightMap } from '@weir/net';
import type { LabelPair, NamespaceEntry } from '../entries.ts';
import type { LabelTable } from './label-table.ts';

/** Namespaces by name, with their labels interned. */
export class NamespaceTable {
  readonly #entries: Map<string, NamespaceEntry> = new TightMap();
  readonly #labels: LabelTable;
  /** Namespaces that something lives in although they are not known. */
  readonly unknown: Set<NamespaceEntry> = new Set();

  constructor(labels: LabelTable) {
    this.#labels = labels;
  }

  /** How many entries exist. */
  get size(): number {
    return this.#entries.size;
  }

  /** All entries. */
  get all(): Iterable<NamespaceEntry> {
    return this.#entries.values();
  }

  /** The entry, if there is one. */
  get(name: string): NamespaceEntry | undefined {
    return this.#entries.get(name);
  }

  /** Finds or makes the entry; who makes one must use it or {@link dropUnused} it. */
  of(name: string): NamespaceEntry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = { name, known: false, pairs: [], pods: new TightMap(), labelSets: new TightMap() };
      this.#entries.set(name, entry);
      this.unknown.add(entry);
    }
    return entry;
  }

  /** Makes the namespace known with these labels; says whether that changed anything. */
  know(entry: NamespaceEntry, labels: StringMap): boolean {
    const pairs: LabelPair[] = [];
    for (const [key, value] of Object.entries(labels)) pairs.push(this.#labels.pair('namespace', key, value));
    pairs.sort((a, b) => a.id - b.id);
    if (entry.known && samePairs(entry.pairs, pairs)) return false;
    for (const pair of pairs) this.#labels.holdForNamespace(pair, entry);
    const kept = new Set(pairs);
    for (const pair of entry.pairs) if (!kept.has(pair)) this.#labels.letGoForNamespace(pair, entry);
    entry.pairs = pairs;
    entry.known = true;
    this.unknown.delete(entry);
    return true;
  }

  /** Makes the namespace unknown; says whether that changed anything. */
  forget(entry: NamespaceEntry): boolean {
    if (!entry.known) return false;
    for (const pair of entry.pairs) this.#labels.letGoForNamespace(pair, entry);
    entry.pairs = [];
    entry.known = false;
    this.unknown.add(entry);
    return true;
  }

  /** Forgets an entry that is neither known nor used. */
  dropUnused(entry: NamespaceEntry): void {
    if (entry.known || entry.pods.size > 0 || entry.labelSets.size > 0) return;
    this.#entries.delete(entry.name);
    this.unknown.delete(entry);
  }
}

function samePairs(a: readonly LabelPair[], b: readonly LabelPair[]): boolean {
  return a.length === b.length && a.every((pair, i) => pair === b[i]);
}
