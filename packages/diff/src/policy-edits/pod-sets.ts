/**
 * Sets of pods by what selectors ask for, as bits: ten thousand selectors over ten thousand pods are a few milliseconds.
 *
 * ```
 *   a label ─▶ the pods with each of its values, found once ─▶ united, met and turned as the selector says
 * ```
 */
import { type LabelKey, namespaceNameKey, type PolicyWorld, type Selector, textMatches } from '@weir/model';
import { BitSet } from '@weir/net';
import type { EditedEnd } from './edited-end.ts';

/** Which pods a selector matches for certain, and which at least perhaps; the same object where all is known. */
export interface SelectedPods {
  readonly certain: BitSet;
  readonly possible: BitSet;
}

/** What pods have for one label. */
interface LabelledPods {
  readonly all: BitSet;
  readonly byValue: ReadonlyMap<string, BitSet>;
}

/** Sets of some pods, by their places. */
export class PodSets {
  readonly size: number;
  readonly #pods: readonly EditedEnd[];
  readonly #labels: Record<LabelKey['space'], Map<string, LabelledPods>> = {
    pod: new Map(),
    namespace: new Map(),
    serviceAccount: new Map(),
    reserved: new Map(),
  };
  readonly #byLabels: WeakMap<Selector, BitSet> = new WeakMap();
  readonly #places: WeakMap<BitSet, readonly number[]> = new WeakMap();
  readonly #none: BitSet;

  constructor(pods: readonly EditedEnd[]) {
    this.#pods = pods;
    this.size = pods.length;
    this.#none = BitSet.empty(pods.length);
  }

  /** The pods that have the labels which are asked for, as far as they are told. The set is shared: it must not be changed. */
  labelled(selector: Selector): BitSet {
    let found = this.#byLabels.get(selector);
    if (found === undefined) this.#byLabels.set(selector, (found = this.#matching(selector)));
    return found;
  }

  /** The places of {@link labelled}, in order. */
  placesOf(selector: Selector): readonly number[] {
    const pods = this.labelled(selector);
    let places = this.#places.get(pods);
    if (places === undefined) this.#places.set(pods, (places = pods.members()));
    return places;
  }

  /** The pods that the selector matches, where the labels of some namespaces are not told. The sets are shared. */
  selected(selector: Selector, { unknownNamespaces }: Pick<PolicyWorld, 'unknownNamespaces'>): SelectedPods {
    if (unknownNamespaces.size > 0) {
      const untold = BitSet.where(this.size, (place) => unknownNamespaces.has(this.#endpointAt(place)?.namespace ?? ''));
      if (!untold.isEmpty) return this.#truths(selector, untold);
    }
    const known = this.labelled(selector);
    return { certain: known, possible: known };
  }

  /** The pods that give one of these ports this name. */
  withPort(name: string, isMeant: (port: { readonly protocol: number; readonly port: number }) => boolean): BitSet {
    return BitSet.where(
      this.size,
      (place) => this.#endpointAt(place)?.namedPorts.some((named) => named.name === name && isMeant(named)) === true,
    );
  }

  #matching(selector: Selector): BitSet {
    switch (selector.kind) {
      case 'all':
        return BitSet.full(this.size);
      case 'none':
        return this.#none;
      case 'in':
        return this.#withValues(selector);
      case 'notIn':
        return this.#others(this.#withValues(selector));
      case 'text':
        return this.#united(
          [...this.#ofLabel(selector.label).byValue].flatMap(([value, pods]) => (textMatches(selector, value) ? [pods] : [])),
        );
      case 'exists':
        return this.#ofLabel(selector.label).all;
      case 'absent':
        return this.#others(this.#ofLabel(selector.label).all);
      case 'and':
        return this.#met(selector.of.map((part) => this.#matching(part)));
      case 'or':
        return this.#united(selector.of.map((part) => this.#matching(part)));
      case 'not':
        return this.#others(this.#matching(selector.of));
      default:
        return selector satisfies never;
    }
  }

  /** As three-valued logic has it: only labels of namespaces that nobody told are unknown. */
  #truths(selector: Selector, untold: BitSet): SelectedPods {
    switch (selector.kind) {
      case 'all':
      case 'none':
      case 'in':
      case 'notIn':
      case 'text':
      case 'exists':
      case 'absent': {
        const told = this.labelled(selector);
        if (!('label' in selector) || selector.label.space !== 'namespace' || selector.label.key === namespaceNameKey)
          return { certain: told, possible: told };
        return { certain: told.without(untold), possible: told.or(untold) };
      }
      case 'and':
      case 'or': {
        const parts = selector.of.map((part) => this.#truths(part, untold));
        const of = (sets: readonly BitSet[]): BitSet => (selector.kind === 'and' ? this.#met(sets) : this.#united(sets));
        return { certain: of(parts.map(({ certain }) => certain)), possible: of(parts.map(({ possible }) => possible)) };
      }
      case 'not': {
        const { certain, possible } = this.#truths(selector.of, untold);
        return { certain: this.#others(possible), possible: this.#others(certain) };
      }
      default:
        return selector satisfies never;
    }
  }

  #withValues({ label, values }: Selector & { readonly kind: 'in' | 'notIn' }): BitSet {
    const { byValue } = this.#ofLabel(label);
    const [only] = values;
    if (only !== undefined && values.length === 1) return byValue.get(only) ?? this.#none;
    return this.#united(values.flatMap((value) => byValue.get(value) ?? []));
  }

  #united(sets: readonly BitSet[]): BitSet {
    const union = BitSet.empty(this.size);
    for (const set of sets) union.addAll(set);
    return union;
  }

  #met([first, ...others]: readonly BitSet[]): BitSet {
    let common = first ?? BitSet.full(this.size);
    for (const set of others) common = common.and(set);
    return common;
  }

  #others(pods: BitSet): BitSet {
    return BitSet.full(this.size).without(pods);
  }

  #ofLabel({ space, key }: LabelKey): LabelledPods {
    let found = this.#labels[space].get(key);
    if (found === undefined) {
      const all = BitSet.empty(this.size);
      const byValue = new Map<string, BitSet>();
      for (let place = 0; place < this.size; place++) {
        const labels = this.#endpointAt(place)?.labels[space];
        if (labels === undefined || !Object.hasOwn(labels, key)) continue;
        const value = labels[key] ?? '';
        all.add(place);
        let same = byValue.get(value);
        if (same === undefined) byValue.set(value, (same = BitSet.empty(this.size)));
        same.add(place);
      }
      this.#labels[space].set(key, (found = { all, byValue }));
    }
    return found;
  }

  #endpointAt(place: number): EndpointOfPod | undefined {
    const end = this.#pods[place]?.joint.after;
    return end?.kind === 'endpoint' ? end.endpoint : undefined;
  }
}

type EndpointOfPod = (NonNullable<EditedEnd['joint']['after']> & { readonly kind: 'endpoint' })['endpoint'];

/** The sets of pods that many edits share. */
const known: WeakMap<readonly EditedEnd[], PodSets> = new WeakMap();

/** The sets of the pods of a list, which are kept with it. */
export function podSetsOf(pods: readonly EditedEnd[]): PodSets {
  let sets = known.get(pods);
  if (sets === undefined) known.set(pods, (sets = new PodSets(pods)));
  return sets;
}
