/**
 * Interned labels: every (space, key, value) that a live pod or namespace carries exists once.
 *
 * A pair knows its holders, so that a selector which comes into use finds the few label sets that
 * can match it. Pairs count their uses and vanish with the last one.
 */

import type { LabelSpace } from '@weir/model';
import { assert, TightMap, TightSet } from '@weir/net';
import type { LabelKeyEntry, LabelPair, LabelSet, NamespaceEntry } from '../entries.ts';

/** The table of all labels in use. */
export class LabelTable {
  readonly #spaces: Map<LabelSpace, Map<string, LabelKeyEntry>> = new Map();
  #nextId = 1;
  #size = 0;

  /** How many pairs exist. */
  get size(): number {
    return this.#size;
  }

  /** Finds or makes a pair; who makes one must {@link hold} it or {@link dropUnheld} it. */
  pair(space: LabelSpace, key: string, value: string): LabelPair {
    let keys = this.#spaces.get(space);
    if (keys === undefined) this.#spaces.set(space, (keys = new Map<string, LabelKeyEntry>()));
    let entry = keys.get(key);
    if (entry === undefined) keys.set(key, (entry = { id: this.#nextId++, space, key, pairs: new TightMap() }));
    let pair = entry.pairs.get(value);
    if (pair === undefined) {
      pair = { id: this.#nextId++, key: entry, value, labelSets: undefined, namespaces: undefined };
      entry.pairs.set(value, pair);
      this.#size++;
    }
    return pair;
  }

  /** Finds a key, if any label with it is in use. */
  key(space: LabelSpace, key: string): LabelKeyEntry | undefined {
    return this.#spaces.get(space)?.get(key);
  }

  /** Notes that the label set carries the pair itself. */
  hold(pair: LabelPair, holder: LabelSet): void {
    if (pair.labelSets === undefined) pair.labelSets = holder;
    else if (pair.labelSets instanceof Set) pair.labelSets.add(holder);
    else pair.labelSets = new TightSet<LabelSet>().add(pair.labelSets).add(holder);
  }

  /** Takes back {@link hold}. */
  letGo(pair: LabelPair, holder: LabelSet): void {
    if (pair.labelSets instanceof Set) {
      pair.labelSets.delete(holder);
      // A pod that is relabelled has two label sets for a moment, and its own labels two holders: that must leave no set behind.
      if (pair.labelSets.size === 1) [pair.labelSets] = pair.labelSets;
    } else {
      assert(pair.labelSets === holder, 'a label set lets go of a label that it does not hold');
      pair.labelSets = undefined;
    }
    this.dropUnheld(pair);
  }

  /** Notes that the namespace carries the pair. */
  holdForNamespace(pair: LabelPair, holder: NamespaceEntry): void {
    pair.namespaces ??= new Set();
    pair.namespaces.add(holder);
  }

  /** Takes back {@link holdForNamespace}. */
  letGoForNamespace(pair: LabelPair, holder: NamespaceEntry): void {
    pair.namespaces?.delete(holder);
    if (pair.namespaces?.size === 0) pair.namespaces = undefined;
    this.dropUnheld(pair);
  }

  /** Forgets a pair that nobody holds. */
  dropUnheld(pair: LabelPair): void {
    if (pair.labelSets !== undefined || pair.namespaces !== undefined) return;
    if (!pair.key.pairs.delete(pair.value)) return;
    this.#size--;
    if (pair.key.pairs.size > 0) return;
    const keys = this.#spaces.get(pair.key.space);
    keys?.delete(pair.key.key);
    if (keys?.size === 0) this.#spaces.delete(pair.key.space);
  }
}
