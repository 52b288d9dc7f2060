/**
 * What the selectors in use ask of labels, and so which label sets no selector can tell apart.
 *
 * A selector asks whether a key is there, or has one of the values that it names, or a value with a part that it names.
 * Two label sets that agree in every key that is asked for, as far as the values are named, get the same answers: they are
 * matched once. Unique labels (pod names, template hashes), which nobody asks for, do not count.
 */

import type { LabelKey, Selector } from '@weir/model';
import { unreachable } from '@weir/net';
import type { LabelKeyEntry, LabelPair, LabelSet, NamespaceEntry } from '../entries.ts';

/** How many selectors ask for a key at all, for a part of its value, and for each value by name. */
interface KeyInterest {
  asked: number;
  parts: number;
  readonly values: Map<string, number>;
}

/** The labels that selectors in use ask for. */
export class LabelInterest {
  readonly #keys: Map<string, KeyInterest> = new Map();

  /** How many keys are asked for. */
  get size(): number {
    return this.#keys.size;
  }

  /** A selector came into use. */
  add(selector: Selector): void {
    for (const { label, values, part } of questionsOf(selector)) {
      const name = nameOf(label);
      let interest = this.#keys.get(name);
      if (interest === undefined) this.#keys.set(name, (interest = { asked: 0, parts: 0, values: new Map() }));
      interest.asked++;
      if (part) interest.parts++;
      for (const value of values) interest.values.set(value, (interest.values.get(value) ?? 0) + 1);
    }
  }

  /** A selector went out of use. */
  delete(selector: Selector): void {
    for (const { label, values, part } of questionsOf(selector)) {
      const name = nameOf(label);
      const interest = this.#keys.get(name);
      if (interest === undefined) continue;
      interest.asked--;
      if (part) interest.parts--;
      for (const value of values) {
        const count = (interest.values.get(value) ?? 0) - 1;
        if (count > 0) interest.values.set(value, count);
        else interest.values.delete(value);
      }
      if (interest.asked === 0) this.#keys.delete(name);
    }
  }

  /** A view of label sets that holds until a selector comes or goes: equal texts, equal answers. */
  view(): (labelSet: LabelSet) => string {
    const keys = new Map<LabelKeyEntry, KeyInterest | undefined>();
    const namespaces = new Map<NamespaceEntry, string>();
    const partOf = (pair: LabelPair): string => {
      const { key } = pair;
      if (!keys.has(key)) keys.set(key, this.#keys.get(nameOf(key)));
      const interest = keys.get(key);
      if (interest === undefined) return '';
      return interest.parts > 0 || interest.values.has(pair.value) ? `${pair.id},` : `${key.id}*`;
    };
    const names = this.#keys.get(nameOf({ space: 'reserved', key: 'namespace' }));
    const namespaceText = (namespace: NamespaceEntry): string => {
      const isAsked = names !== undefined && (names.parts > 0 || names.values.has(namespace.name));
      const name = isAsked ? JSON.stringify(namespace.name) : '';
      return `${namespace.known ? 'known' : 'unknown'} ${name} ${namespace.pairs.map(partOf).join('')}`;
    };
    return ({ pairs, namespace, namedPorts }) => {
      let text = namespaces.get(namespace);
      if (text === undefined) namespaces.set(namespace, (text = namespaceText(namespace)));
      text += `|${namedPorts.id}|`;
      for (const pair of pairs) text += partOf(pair);
      return text;
    };
  }
}

interface Question {
  readonly label: LabelKey;
  readonly values: readonly string[];
  /** Whether the answer depends on the text of the value, whichever it is. */
  readonly part: boolean;
}

/** What a selector asks: keys, with the values that it names. */
function questionsOf(selector: Selector): readonly Question[] {
  switch (selector.kind) {
    case 'all':
    case 'none':
      return [];
    case 'in':
    case 'notIn':
      return [{ label: selector.label, values: selector.values, part: false }];
    case 'text':
      return [{ label: selector.label, values: [], part: true }];
    case 'exists':
    case 'absent':
      return [{ label: selector.label, values: [], part: false }];
    case 'and':
    case 'or':
      return selector.of.flatMap(questionsOf);
    case 'not':
      return questionsOf(selector.of);
    default:
      return unreachable(selector);
  }
}

/** Spaces hold no colon, so the name is unambiguous. */
function nameOf({ space, key }: LabelKey): string {
  return `${space}:${key}`;
}
