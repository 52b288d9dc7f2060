/**
 * Which selectors can match a label set, and which label sets a selector can match.
 *
 * Each selector is filed under one label that it requires, the most telling one; a label set is
 * asked only about selectors filed under a label that it has, and those that require none.
 */

import { orchestratorKey, type RequiredLabel, requiredLabels, type Selector } from '@weir/model';
import { unreachable } from '@weir/net';
import type { LabelPair, LabelSet, NamespaceEntry } from '../entries.ts';
import type { LabelSets } from '../population/label-sets.ts';
import type { NamespaceTable } from '../population/namespace-table.ts';

/** What can be filed. */
export interface Filed {
  readonly selector: Selector;
}

/** Selectors filed under one label key: by its value, or by its presence alone. */
interface KeyPostings<S> {
  readonly byValue: Map<string, Set<S>>;
  readonly present: Set<S>;
}

/** An index from label sets to the selectors that may match them. */
export class SelectorIndex<S extends Filed> {
  readonly #keys: Map<string, KeyPostings<S>> = new Map();
  readonly #unrestricted: Set<S> = new Set();

  /** Files a selector. */
  add(filed: S): void {
    for (const postings of this.#places(filed, true)) postings.add(filed);
  }

  /** Takes a selector out. */
  delete(filed: S): void {
    for (const postings of this.#places(filed, false)) postings.delete(filed);
    const required = mostTelling(filed.selector);
    if (required === undefined) return;
    const name = keyName(required.label.space, required.label.key);
    const postings = this.#keys.get(name);
    if (postings === undefined) return;
    for (const value of required.values ?? []) if (postings.byValue.get(value)?.size === 0) postings.byValue.delete(value);
    if (postings.byValue.size === 0 && postings.present.size === 0) this.#keys.delete(name);
  }

  /** Every selector that may match the label set, each once. */
  candidates(labelSet: LabelSet, visit: (filed: S) => void): void {
    for (const filed of this.#unrestricted) visit(filed);
    for (const pair of labelSet.pairs) this.#visitPair(pair, visit);
    for (const pair of labelSet.namespace.pairs) this.#visitPair(pair, visit);
    this.#visit('reserved', 'namespace', labelSet.namespace.name, visit);
  }

  #visitPair({ key, value }: LabelPair, visit: (filed: S) => void): void {
    this.#visit(key.space, key.key, value, visit);
  }

  /** A label set has one value a key and a selector is filed under one key: nothing comes twice. */
  #visit(space: string, key: string, value: string, visit: (filed: S) => void): void {
    const postings = this.#keys.get(keyName(space, key));
    if (postings === undefined) return;
    for (const filed of postings.present) visit(filed);
    for (const filed of postings.byValue.get(value) ?? []) visit(filed);
  }

  #places(filed: S, make: boolean): Set<S>[] {
    const required = mostTelling(filed.selector);
    if (required === undefined) return [this.#unrestricted];
    const name = keyName(required.label.space, required.label.key);
    let postings = this.#keys.get(name);
    if (postings === undefined) {
      postings = { byValue: new Map(), present: new Set() };
      if (make) this.#keys.set(name, postings);
    }
    if (required.values === undefined) return [postings.present];
    const places: Set<S>[] = [];
    for (const value of new Set(required.values)) {
      let place = postings.byValue.get(value);
      if (place === undefined) postings.byValue.set(value, (place = new Set()));
      places.push(place);
    }
    return places;
  }
}

/** Every label set that the selector may match while all namespaces are known, each once. */
export function labelSetsFor(selector: Selector, labelSets: LabelSets, namespaces: NamespaceTable): Iterable<LabelSet> {
  let best: { readonly size: number; readonly of: () => Iterable<LabelSet> } = {
    size: labelSets.size,
    of: () => labelSetsOf(namespaces.all),
  };
  for (const required of requiredLabels(selector)) {
    const candidate = holders(required, labelSets, namespaces);
    if (candidate.size < best.size) best = candidate;
  }
  return best.of();
}

function holders(
  { label, values }: RequiredLabel,
  labelSets: LabelSets,
  namespaces: NamespaceTable,
): { size: number; of: () => Iterable<LabelSet> } {
  if (label.space === 'reserved' && label.key === 'namespace') {
    return inNamespaces(values === undefined ? [...namespaces.all] : values.flatMap((name) => namespaces.get(name) ?? []));
  }
  const key = labelSets.labels.key(label.space, label.key);
  if (key === undefined) return { size: 0, of: () => [] };
  const pairs = values === undefined ? [...key.pairs.values()] : values.flatMap((value) => key.pairs.get(value) ?? []);
  if (label.space === 'namespace') return inNamespaces(pairs.flatMap((pair) => [...(pair.namespaces ?? [])]));
  let size = 0;
  for (const { labelSets: held } of pairs) size += held instanceof Set ? held.size : Number(held !== undefined);
  return { size, of: () => holdersOf(pairs) };
}

function inNamespaces(entries: readonly NamespaceEntry[]): { size: number; of: () => Iterable<LabelSet> } {
  let size = 0;
  for (const entry of entries) size += entry.labelSets.size;
  return { size, of: () => labelSetsOf(entries) };
}

function* labelSetsOf(entries: Iterable<NamespaceEntry>): Iterable<LabelSet> {
  for (const entry of entries) yield* entry.labelSets.values();
}

function* holdersOf(pairs: readonly LabelPair[]): Iterable<LabelSet> {
  for (const { labelSets } of pairs) {
    if (labelSets instanceof Set) yield* labelSets;
    else if (labelSets !== undefined) yield labelSets;
  }
}

/** The required label under which few label sets are expected. */
function mostTelling(selector: Selector): RequiredLabel | undefined {
  let best: RequiredLabel | undefined;
  for (const required of requiredLabels(selector)) {
    if (best === undefined || expectedBreadth(required) < expectedBreadth(best)) best = required;
  }
  return best;
}

function expectedBreadth({ label, values }: RequiredLabel): number {
  // Every pod has the one value that there is.
  if (values === undefined || (label.space === orchestratorKey.space && label.key === orchestratorKey.key)) return 1_000_000;
  return values.length * breadthOfValue(label.space);
}

function breadthOfValue(space: RequiredLabel['label']['space']): number {
  switch (space) {
    case 'reserved':
      return 1;
    case 'pod':
    case 'serviceAccount':
      return 10;
    case 'namespace':
      return 50;
    default:
      return unreachable(space);
  }
}

/** Spaces hold no colon, so the name is unambiguous. */
function keyName(space: string, key: string): string {
  return `${space}:${key}`;
}
