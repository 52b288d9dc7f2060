/** What labels some pods or namespaces have, asked by many selectors: which part of one none of them has, and what was meant by it. */
import { type LabelKey, type LabelsBySpace, labelOf, type Selector, selectorMatchesLabels } from '@weir/model';
import { addToGroup } from '@weir/net';
import { NearWords } from './near-words.ts';

/** What was probably meant by a label that nobody has: the nearest value of the key, or the nearest key. */
export interface MeantLabel {
  readonly label: LabelKey;
  readonly wanted: string;
  readonly near: string;
  readonly what: 'key' | 'value';
}

/** The labels; the values and keys are collected once. */
export class AskedLabels {
  readonly #all: readonly LabelsBySpace[];
  readonly #values = new Map<string, { readonly all: ReadonlySet<string>; readonly near: NearWords }>();
  readonly #keys = new Map<LabelKey['space'], KeysOfSpace>();

  constructor(all: readonly LabelsBySpace[]) {
    this.#all = all;
  }

  /** Whether one of them is matched. */
  haveMatch(part: Selector): boolean {
    if (part.kind === 'exists') return this.#hasKey(part.label);
    if (part.kind !== 'in') return this.#all.some((labels) => selectorMatchesLabels(part, labels));
    if (!this.#hasKey(part.label)) return false;
    const { all } = this.#valuesOf(part.label);
    return part.values.some((value) => all.has(value));
  }

  /** The nearest value of the key, or the nearest key; undefined where nothing is near. */
  meantBy(part: Selector): MeantLabel | undefined {
    if (part.kind !== 'in' && part.kind !== 'exists') return undefined;
    const { label } = part;
    if (part.kind === 'in' && this.#hasKey(label)) {
      for (const wanted of part.values) {
        const near = this.#valuesOf(label).near.nearest(wanted);
        if (near !== undefined) return { label, wanted, near, what: 'value' };
      }
      return undefined;
    }
    const keys = this.#keysOf(label.space);
    const near = part.kind === 'exists' ? keys.near(undefined).nearest(label.key) : this.#keyHaving(part.values, label);
    return near === undefined ? undefined : { label, wanted: label.key, near, what: 'key' };
  }

  /** Of the keys that somebody has with one of the values the nearest. */
  #keyHaving(values: readonly string[], { space, key }: LabelKey): string | undefined {
    const keys = this.#keysOf(space);
    const found = values.flatMap((value) => keys.near(value).nearest(key) ?? []);
    return found.length < 2 ? found[0] : new NearWords(found).nearest(key);
  }

  #hasKey({ space, key }: LabelKey): boolean {
    return this.#keysOf(space).all.has(key);
  }

  #valuesOf(label: LabelKey): { readonly all: ReadonlySet<string>; readonly near: NearWords } {
    const key = `${label.space} ${label.key}`;
    let values = this.#values.get(key);
    if (values === undefined) {
      const all = new Set(this.#all.flatMap((one) => labelOf(one, label) ?? []));
      this.#values.set(key, (values = { all, near: new NearWords(all) }));
    }
    return values;
  }

  #keysOf(space: LabelKey['space']): KeysOfSpace {
    let keys = this.#keys.get(space);
    if (keys === undefined) this.#keys.set(space, (keys = new KeysOfSpace(this.#all.map((one) => one[space]))));
    return keys;
  }
}

/** The keys of labels, all and by the values that they have. */
class KeysOfSpace {
  readonly all: ReadonlySet<string>;
  readonly #byValue = new Map<string, string[]>();
  readonly #near = new Map<string | undefined, NearWords>();

  constructor(labels: readonly LabelsBySpace[LabelKey['space']][]) {
    const seen = new Set<string>();
    this.all = new Set(labels.flatMap((one) => Object.keys(one)));
    for (const one of labels) {
      for (const [key, value] of Object.entries(one)) {
        const pair = `${key}=${value}`;
        if (!seen.has(pair)) addToGroup(this.#byValue, value, key);
        seen.add(pair);
      }
    }
  }

  /** The keys with a value, or all of them. */
  near(value: string | undefined): NearWords {
    let near = this.#near.get(value);
    if (near === undefined)
      this.#near.set(value, (near = new NearWords(value === undefined ? this.all : (this.#byValue.get(value) ?? []))));
    return near;
  }
}
