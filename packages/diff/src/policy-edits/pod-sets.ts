/**
 * Sets of pods by what selectors ask for: thirty thousand selectors over ten thousand pods are some ten milliseconds.
 *
 * ```
 *   a label ─▶ the pods with each of its values, found once ─▶ united, met and turned round as the selector says
 * ```
 */
import { type Endpoint, type LabelKey, type NamedPort, namespaceNameKey, type PolicyWorld, type Selector, textMatches } from '@weir/model';
import { addToGroup, BitSet, type PortRange } from '@weir/net';
import type { EditedEnd } from './edited-end.ts';
import { PlaceSet, unionOf } from './place-set.ts';

/** Which pods a selector matches for certain, and which at least perhaps; the same object where all is known. */
export interface SelectedPods {
  readonly certain: PlaceSet;
  readonly possible: PlaceSet;
}

/** What pods have for one label. */
interface LabelledPods {
  readonly all: PlaceSet;
  readonly byValue: ReadonlyMap<string, PlaceSet>;
}

/** What a pod may mean by the name of a port. */
type NumberedPort = Pick<NamedPort, 'protocol' | 'port'>;

interface PodsOfPort extends NumberedPort {
  readonly pods: PlaceSet;
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
  readonly #byLabels: WeakMap<Selector, PlaceSet> = new WeakMap();
  readonly #everybody: PlaceSet;
  #ports: ReadonlyMap<string, readonly PodsOfPort[]> | undefined;

  constructor(pods: readonly EditedEnd[]) {
    this.#pods = pods;
    this.size = pods.length;
    this.#everybody = PlaceSet.ofBits(BitSet.full(pods.length));
  }

  /** The pods that have the labels which are asked for, as far as they are told. The set is shared: it must not be changed. */
  labelled(selector: Selector): PlaceSet {
    let found = this.#byLabels.get(selector);
    if (found === undefined) this.#byLabels.set(selector, (found = this.#matching(selector)));
    return found;
  }

  /** The pods that the selector matches, where the labels of some namespaces are not told. The sets are shared. */
  selected(selector: Selector, { unknownNamespaces }: Pick<PolicyWorld, 'unknownNamespaces'>): SelectedPods {
    if (unknownNamespaces.size > 0) {
      const untold = this.#where(({ namespace }) => unknownNamespaces.has(namespace));
      if (!untold.isEmpty) return this.#truths(selector, untold);
    }
    const known = this.labelled(selector);
    return { certain: known, possible: known };
  }

  /** The pods that give one of these ports this name. */
  withPort(name: string, isMeant: (port: NumberedPort) => boolean): PlaceSet {
    return this.#united(this.#portsOf(name).flatMap((one) => (isMeant(one) ? [one.pods] : [])));
  }

  /** The numbers that pods give a name, of whatever protocol. */
  numbersOf(name: string): readonly PortRange[] {
    const numbers = new Set(this.#portsOf(name).map(({ port }) => port));
    return [...numbers].map((port) => ({ first: port, last: port }));
  }

  #portsOf(name: string): readonly PodsOfPort[] {
    this.#ports ??= this.#indexPorts();
    return this.#ports.get(name) ?? [];
  }

  /** What pods mean by the names of ports; a pod may mean several by one name. */
  #indexPorts(): ReadonlyMap<string, readonly PodsOfPort[]> {
    const found = new Map<string, (NumberedPort & { readonly places: number[] })[]>();
    for (let place = 0; place < this.size; place++)
      for (const { name, protocol, port } of this.#endpointAt(place)?.namedPorts ?? []) {
        let ofName = found.get(name);
        if (ofName === undefined) found.set(name, (ofName = []));
        let same = ofName.find((one) => one.port === port && one.protocol === protocol);
        if (same === undefined) ofName.push((same = { protocol, port, places: [] }));
        if (same.places.at(-1) !== place) same.places.push(place);
      }
    const setOf = ({ places, ...port }: NumberedPort & { readonly places: readonly number[] }): PodsOfPort => ({
      ...port,
      pods: PlaceSet.of(places, this.size),
    });
    return new Map([...found].map(([name, ports]) => [name, ports.map(setOf)]));
  }

  #where(isMeant: (endpoint: Endpoint) => boolean): PlaceSet {
    const places: number[] = [];
    for (let place = 0; place < this.size; place++) {
      const endpoint = this.#endpointAt(place);
      if (endpoint !== undefined && isMeant(endpoint)) places.push(place);
    }
    return PlaceSet.of(places, this.size);
  }

  #matching(selector: Selector): PlaceSet {
    switch (selector.kind) {
      case 'all':
        return this.#everybody;
      case 'none':
        return PlaceSet.none;
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
        return this.#meeting(selector.of);
      case 'or':
        return this.#united(selector.of.map((part) => this.#matching(part)));
      case 'not':
        return this.#others(this.#matching(selector.of));
      default:
        return selector satisfies never;
    }
  }

  /** As three-valued logic has it: only labels of namespaces that nobody told are unknown. */
  #truths(selector: Selector, untold: PlaceSet): SelectedPods {
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
        return { certain: told.without(untold), possible: unionOf([told, untold], this.size) };
      }
      case 'and':
      case 'or': {
        const parts = selector.of.map((part) => this.#truths(part, untold));
        const of = (sets: readonly PlaceSet[]): PlaceSet => (selector.kind === 'and' ? this.#met(sets) : this.#united(sets));
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

  #withValues({ label, values }: Selector & { readonly kind: 'in' | 'notIn' }): PlaceSet {
    const { byValue } = this.#ofLabel(label);
    const [only] = values;
    if (only !== undefined && values.length === 1) return byValue.get(only) ?? PlaceSet.none;
    return this.#united(values.flatMap((value) => byValue.get(value) ?? []));
  }

  #united(sets: readonly PlaceSet[]): PlaceSet {
    return unionOf(sets, this.size);
  }

  /** What asks for a value comes first, and leaves few of whom the rest is asked. */
  #meeting(parts: readonly Selector[]): PlaceSet {
    let common: PlaceSet | undefined;
    for (const part of parts)
      if (part.kind === 'in') common = common === undefined ? this.#withValues(part) : common.and(this.#withValues(part));
    for (const part of parts) {
      if (part.kind === 'in') continue;
      if (part.kind === 'notIn') common = (common ?? this.#everybody).without(this.#withValues(part));
      else common = (common ?? this.#everybody).and(this.#matching(part));
    }
    return common ?? this.#everybody;
  }

  #met([first, ...others]: readonly PlaceSet[]): PlaceSet {
    let common = first ?? this.#everybody;
    for (const set of others) common = common.and(set);
    return common;
  }

  #others(pods: PlaceSet): PlaceSet {
    return this.#everybody.without(pods);
  }

  #ofLabel({ space, key }: LabelKey): LabelledPods {
    let found = this.#labels[space].get(key);
    if (found === undefined) {
      const all: number[] = [];
      const places = new Map<string, number[]>();
      for (let place = 0; place < this.size; place++) {
        const labels = this.#endpointAt(place)?.labels[space];
        if (labels === undefined || !Object.hasOwn(labels, key)) continue;
        all.push(place);
        addToGroup(places, labels[key] ?? '', place);
      }
      const byValue = new Map([...places].map(([value, of]) => [value, PlaceSet.of(of, this.size)]));
      found = { all: PlaceSet.of(all, this.size), byValue };
      this.#labels[space].set(key, found);
    }
    return found;
  }

  #endpointAt(place: number): Endpoint | undefined {
    const end = this.#pods[place]?.joint.after;
    return end?.kind === 'endpoint' ? end.endpoint : undefined;
  }
}

/** The sets of pods that many edits share. */
const known: WeakMap<readonly EditedEnd[], PodSets> = new WeakMap();

/** The sets of the pods of a list, which are kept with it. */
export function podSetsOf(pods: readonly EditedEnd[]): PodSets {
  let sets = known.get(pods);
  if (sets === undefined) known.set(pods, (sets = new PodSets(pods)));
  return sets;
}
