/**
 * What selectors answer about pods, asked as seldom as possible.
 *
 * ```
 * labels of a pod ─▶ what any selector could tell of them ─▶ asked once ─▶ candidates by a label that they require ─▶ answers
 * ```
 *
 * Labels and values that no selector names make no difference, so that pods of which each has labels of its
 * own are few to selectors. Of the rest only those selectors are asked that require a label which is there.
 */
import {
  type Endpoint,
  type LabelKey,
  type LabelSpace,
  namespaceNameKey,
  type PolicyWorld,
  type RequiredLabel,
  requiredLabels,
  type Selector,
  selectorMatches,
  selectorTruth,
} from '@weir/model';
import { addToGroup } from '@weir/net';

/** The answers about a pod, the same object for equal answers; selectors are known by their place in the list. */
export interface LabelAnswers {
  /** One number for equal answers. */
  readonly id: number;
  readonly yes: readonly number[];
  /** Of these the labels of the pod's namespace, which nobody told, would decide. */
  readonly unknown: readonly number[];
}

/** Answers of a list of selectors. */
export class LabelAnswerer {
  readonly #selectors: readonly Selector[];
  readonly #worldOf: (namespace: string) => PolicyWorld | undefined;
  readonly #asked: AskedLabels;
  readonly #index: SelectorIndex;
  readonly #byLabels: Map<string, LabelAnswers> = new Map();
  readonly #byText: Map<string, LabelAnswers> = new Map();

  /** The worlds may differ in which namespaces' labels nobody told: what one does not know is not known. */
  constructor(selectors: readonly Selector[], worlds: readonly PolicyWorld[]) {
    this.#selectors = selectors;
    this.#worldOf = (namespace) => worlds.find(({ unknownNamespaces }) => unknownNamespaces.has(namespace));
    this.#asked = new AskedLabels(selectors);
    this.#index = new SelectorIndex(
      selectors,
      worlds.some(({ unknownNamespaces }) => unknownNamespaces.size > 0),
    );
  }

  /** The answers about one pod. */
  of(endpoint: Endpoint): LabelAnswers {
    const world = this.#worldOf(endpoint.namespace);
    const labels = `${world === undefined ? '' : '?'}${this.#asked.textOf(endpoint)}`;
    let answers = this.#byLabels.get(labels);
    if (answers === undefined) this.#byLabels.set(labels, (answers = this.#ask(endpoint, world)));
    return answers;
  }

  #ask(endpoint: Endpoint, world: PolicyWorld | undefined): LabelAnswers {
    const yes: number[] = [];
    const unknown: number[] = [];
    let text = '';
    for (const at of this.#index.candidates(endpoint)) {
      const selector = this.#selectors[at];
      if (selector === undefined) continue;
      const isMatch = selectorMatches(selector, endpoint);
      const truth = world === undefined ? (isMatch ? 'yes' : 'no') : selectorTruth(world, selector, endpoint);
      if (truth === 'no') continue;
      (truth === 'yes' ? yes : unknown).push(at);
      // Which policies select a pod is asked of the labels that it has, so what they say counts too.
      text += truth === 'yes' ? `${at},` : `${at}${isMatch ? '!' : '?'},`;
    }
    let same = this.#byText.get(text);
    if (same === undefined) this.#byText.set(text, (same = { id: this.#byText.size, yes, unknown }));
    return same;
  }
}

/** Which labels and values the selectors tell apart. */
class AskedLabels {
  readonly #keys: Readonly<Record<LabelSpace, Map<string, AskedKey>>> = {
    pod: new Map(),
    namespace: new Map(),
    serviceAccount: new Map(),
    reserved: new Map(),
  };
  /** Texts of maps that pods share. */
  readonly #known: WeakMap<object, string> = new WeakMap();

  constructor(selectors: readonly Selector[]) {
    for (const selector of selectors) this.#add(selector);
  }

  /** A text that is the same for pods that no selector can tell apart by their labels. */
  textOf({ labels }: Endpoint): string {
    const { pod, namespace, serviceAccount, reserved } = labels;
    return `${this.#textIn('pod', pod)};${this.#shared('namespace', namespace)};${this.#shared('serviceAccount', serviceAccount)};${this.#textIn('reserved', reserved)}`;
  }

  #shared(space: LabelSpace, labels: Readonly<Record<string, string>>): string {
    let text = this.#known.get(labels);
    if (text === undefined) this.#known.set(labels, (text = this.#textIn(space, labels)));
    return text;
  }

  #textIn(space: LabelSpace, labels: Readonly<Record<string, string>>): string {
    const keys = this.#keys[space];
    if (keys.size === 0) return '';
    const found: string[] = [];
    for (const key of Object.keys(labels)) {
      const asked = keys.get(key);
      const value = labels[key];
      if (asked === undefined || value === undefined) continue;
      found.push(asked.isWhole || asked.values.has(value) ? `${asked.id}=${JSON.stringify(value)}` : `${asked.id}`);
    }
    return found.sort().join();
  }

  #add(selector: Selector): void {
    switch (selector.kind) {
      case 'all':
      case 'none':
        return;
      case 'in':
      case 'notIn': {
        const { values } = this.#key(selector.label);
        for (const value of selector.values) values.add(value);
        return;
      }
      case 'text':
        this.#key(selector.label).isWhole = true;
        return;
      case 'exists':
      case 'absent':
        this.#key(selector.label);
        return;
      case 'and':
      case 'or':
        for (const part of selector.of) this.#add(part);
        return;
      case 'not':
        this.#add(selector.of);
        return;
      default:
        selector satisfies never;
    }
  }

  #key({ space, key }: LabelKey): AskedKey {
    const keys = this.#keys[space];
    let found = keys.get(key);
    if (found === undefined) keys.set(key, (found = { id: keys.size, values: new Set(), isWhole: false }));
    return found;
  }
}

interface AskedKey {
  readonly id: number;
  readonly values: Set<string>;
  /** Whether parts of the value are asked for. */
  isWhole: boolean;
}

/** Selectors by a label without which they do not match: of several the one that the fewest selectors share. */
class SelectorIndex {
  readonly #everywhere: number[] = [];
  readonly #byValue: Map<string, number[]> = new Map();
  readonly #byKey: Map<string, number[]> = new Map();

  constructor(selectors: readonly Selector[], mayLackNamespaces: boolean) {
    const required = selectors.map((selector) =>
      requiredLabels(selector).filter(({ label }) => !mayLackNamespaces || label.space !== 'namespace' || label.key === namespaceNameKey),
    );
    const uses = new Map<string, number>();
    for (const key of required.flat().flatMap(keysOf)) uses.set(key, (uses.get(key) ?? 0) + 1);
    const cost = (label: RequiredLabel): number => {
      const sum = keysOf(label).reduce((total, key) => total + (uses.get(key) ?? 0), 0);
      return label.values === undefined ? selectors.length + sum : sum;
    };
    for (const [at, labels] of required.entries()) {
      const [first, ...others] = labels;
      if (first === undefined) this.#everywhere.push(at);
      else {
        const rarest = others.reduce((best, other) => (cost(other) < cost(best) ? other : best), first);
        const table = rarest.values === undefined ? this.#byKey : this.#byValue;
        for (const key of new Set(keysOf(rarest))) {
          addToGroup(table, key, at);
        }
      }
    }
  }

  /** The places of selectors that may match, in order. */
  candidates({ labels }: Endpoint): readonly number[] {
    const found = new Set(this.#everywhere);
    for (const space of spaces) {
      const own = labels[space];
      for (const key of Object.keys(own)) {
        for (const at of this.#byKey.get(keyText(space, key)) ?? []) found.add(at);
        for (const at of this.#byValue.get(valueText({ space, key }, own[key] ?? '')) ?? []) found.add(at);
      }
    }
    return [...found].sort((a, b) => a - b);
  }
}

const spaces: readonly LabelSpace[] = ['pod', 'namespace', 'serviceAccount', 'reserved'];

function keysOf({ label, values }: RequiredLabel): readonly string[] {
  return values === undefined ? [keyText(label.space, label.key)] : values.map((value) => valueText(label, value));
}

function keyText(space: LabelSpace, key: string): string {
  return `${space} ${key}`;
}

function valueText({ space, key }: LabelKey, value: string): string {
  return `${space} ${key}\n${value}`;
}
