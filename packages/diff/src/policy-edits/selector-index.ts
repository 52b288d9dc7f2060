/** Selectors by one label that they require, so that only those are asked about a pod which may match it. */
import { type Endpoint, type LabelKey, namespaceNameKey, type PolicyWorld, type Selector } from '@weir/model';
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
  /** Whether what pods have for the label is told. */
  readonly #isKnown: (label: LabelKey) => boolean;

  constructor(world: Pick<PolicyWorld, 'unknownNamespaces'>) {
    this.#isKnown = toldLabels(world);
  }

  add(selector: Selector, place: number): void {
    const required = narrowestLabel(selector, this.#isKnown);
    if (required === undefined) this.#everywhere.push(place);
    else {
      const { label, values } = required;
      const places = this.#placesOf(label);
      for (const value of values.length === 1 ? values : new Set(values)) addToGroup(places, value, place);
    }
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

/** Which labels are told of all pods: those of namespaces that nobody told may be anything, except the one that says the name. */
export function toldLabels({ unknownNamespaces }: Pick<PolicyWorld, 'unknownNamespaces'>): (label: LabelKey) => boolean {
  return ({ space, key }) => unknownNamespaces.size === 0 || space !== 'namespace' || key === namespaceNameKey;
}

/** The narrowest label that a selector requires with one of some values, among those that are accepted. */
export function narrowestLabel(selector: Selector, accepts: (label: LabelKey) => boolean): ValuedLabel | undefined {
  if (selector.kind === 'in') return accepts(selector.label) ? selector : undefined;
  if (selector.kind !== 'and') return undefined;
  let narrowest: ValuedLabel | undefined;
  for (const part of selector.of) {
    const found = narrowestLabel(part, accepts);
    if (found !== undefined && (narrowest === undefined || spaces.indexOf(found.label.space) < spaces.indexOf(narrowest.label.space)))
      narrowest = found;
  }
  return narrowest;
}

type ValuedLabel = Pick<Selector & { readonly kind: 'in' }, 'label' | 'values'>;
