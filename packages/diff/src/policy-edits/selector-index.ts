/** Selectors by one label that they require, so that only those are asked about a pod which may match it. */
import {
  type Endpoint,
  type LabelKey,
  namespaceNameKey,
  type PolicyWorld,
  type RequiredLabel,
  requiredLabels,
  type Selector,
} from '@weir/model';
import { addToGroup } from '@weir/net';

/** The places by the values of one label. */
interface IndexedLabel {
  readonly label: LabelKey;
  readonly places: Map<string, number[]>;
}

/** Places of selectors. */
export class SelectorIndex {
  /** Of selectors that require no label with one of some values. */
  readonly #everywhere: number[] = [];
  readonly #labels: IndexedLabel[] = [];
  readonly #isEveryLabelKnown: boolean;

  /** Labels of namespaces that nobody told may be anything, except the one that says the name. */
  constructor({ unknownNamespaces }: Pick<PolicyWorld, 'unknownNamespaces'>) {
    this.#isEveryLabelKnown = unknownNamespaces.size === 0;
  }

  add(selector: Selector, place: number): void {
    const required = narrowLabels(selector).find(
      ({ label }) => this.#isEveryLabelKnown || label.space !== 'namespace' || label.key === namespaceNameKey,
    );
    if (required === undefined) this.#everywhere.push(place);
    else for (const value of new Set(required.values)) addToGroup(this.#placesOf(required.label), value, place);
  }

  /** Calls back with the place of every selector that may match the pod, each once, in no order. */
  eachOf({ labels }: Pick<Endpoint, 'labels'>, then: (place: number) => void): void {
    for (const place of this.#everywhere) then(place);
    for (const { label, places } of this.#labels) {
      const value = labels[label.space][label.key];
      if (value !== undefined) for (const place of places.get(value) ?? []) then(place);
    }
  }

  #placesOf({ space, key }: LabelKey): Map<string, number[]> {
    let found = this.#labels.find(({ label }) => label.space === space && label.key === key);
    if (found === undefined) this.#labels.push((found = { label: { space, key }, places: new Map() }));
    return found.places;
  }
}

/** Which labels tell most pods apart: few are in one namespace, and more in one team's. */
const spaces = ['reserved', 'pod', 'serviceAccount', 'namespace'];

type NarrowLabel = RequiredLabel & { readonly values: readonly string[] };

/** What was found out of selectors: most of them stand in policies that do not change. */
const known: WeakMap<Selector, readonly NarrowLabel[]> = new WeakMap();

/** Labels that a selector requires with one of some values, the narrowest first. */
function narrowLabels(selector: Selector): readonly NarrowLabel[] {
  let found = known.get(selector);
  if (found === undefined) {
    const withValues = requiredLabels(selector).flatMap(({ label, values }) => (values === undefined ? [] : [{ label, values }]));
    found = withValues.sort((a, b) => spaces.indexOf(a.label.space) - spaces.indexOf(b.label.space));
    known.set(selector, found);
  }
  return found;
}
