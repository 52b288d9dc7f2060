/**
 * Policies by what their subjects require, so that an endpoint is held against those alone that may select it: those of its
 * namespace, and of these the ones that require no label of a pod or one that it has.
 */
import { addToGroup } from '@weir/net';
import type { Endpoint } from './endpoint.ts';
import type { Policy } from './model.ts';
import { labelOf, requiredLabels, requiredNamespaces, selectorMatches } from './selector.ts';

/** Policies in an order, which is kept. */
export class SubjectIndex {
  readonly #policies: readonly Policy[];
  readonly #everywhere: number[] = [];
  readonly #ofNamespaces: Map<string, number[]> = new Map();
  /** Made when the first endpoint of a namespace is asked about: of most worlds few are. */
  readonly #labelled: Map<string, LabelledPlaces> = new Map();

  constructor(policies: readonly Policy[]) {
    this.#policies = policies;
    for (const [place, { subject }] of policies.entries()) {
      const required = requiredNamespaces(subject);
      if (required === undefined) this.#everywhere.push(place);
      else for (const namespace of required) addToGroup(this.#ofNamespaces, namespace, place);
    }
  }

  /** Whether the subject of one that is accepted matches; mostly one of a whole namespace does, and no other is asked. */
  hasSelecting(endpoint: Endpoint, accepts: (policy: Policy) => boolean): boolean {
    const isSelecting = (place: number): boolean => {
      const policy = this.#policies[place];
      return policy !== undefined && accepts(policy) && selectorMatches(policy.subject, endpoint);
    };
    return this.#labelledOf(endpoint.namespace).some(endpoint, isSelecting) || this.#everywhere.some(isSelecting);
  }

  /** The policies whose subject matches. */
  selecting(endpoint: Endpoint): readonly Policy[] {
    const places = [...this.#everywhere, ...this.#labelledOf(endpoint.namespace).of(endpoint)].sort((a, b) => a - b);
    return places.flatMap((place) => {
      const policy = this.#policies[place];
      return policy !== undefined && selectorMatches(policy.subject, endpoint) ? [policy] : [];
    });
  }

  #labelledOf(namespace: string): LabelledPlaces {
    let found = this.#labelled.get(namespace);
    if (found === undefined) {
      found = new LabelledPlaces(this.#policies, this.#ofNamespaces.get(namespace) ?? []);
      this.#labelled.set(namespace, found);
    }
    return found;
  }
}

/** The places of some policies by one label of pods that each requires. */
class LabelledPlaces {
  readonly #others: number[] = [];
  readonly #ofLabels: Map<string, Map<string, number[]>> = new Map();

  constructor(policies: readonly Policy[], places: readonly number[]) {
    for (const place of places) {
      const subject = policies[place]?.subject ?? { kind: 'none' };
      const required = requiredLabels(subject).find(({ label, values }) => label.space === 'pod' && values !== undefined);
      if (required === undefined) this.#others.push(place);
      else {
        const { key } = required.label;
        const ofValues = this.#ofLabels.get(key) ?? new Map<string, number[]>();
        this.#ofLabels.set(key, ofValues);
        for (const value of new Set(required.values)) addToGroup(ofValues, value, place);
      }
    }
  }

  /** Whether one of those that may select the endpoint is accepted. */
  some(endpoint: Endpoint, accepts: (place: number) => boolean): boolean {
    return this.#others.some(accepts) || this.of(endpoint).some(accepts);
  }

  /** Those of policies that may select the endpoint, each once, in no order. */
  of({ labels }: Endpoint): readonly number[] {
    let found = this.#others;
    for (const [key, ofValues] of this.#ofLabels) {
      const value = labelOf(labels, { space: 'pod', key });
      const places = value === undefined ? undefined : ofValues.get(value);
      if (places !== undefined) found = [...found, ...places];
    }
    return found;
  }
}
