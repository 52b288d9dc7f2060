/**
 * Selectors: whether one matches an endpoint, their canonical form, and the labels that they require.
 *
 * The canonical text is what equal selectors share, whatever the order in which they were written;
 * `calc` interns by it. It is injective: different normal forms have different texts.
 */
import { unreachable } from '@weir/net';
import type { Endpoint, LabelsBySpace } from './endpoint.ts';
import type { LabelKey, Selector, TextTest } from './model.ts';

/** Whether the selector matches the endpoint; an address that is no endpoint matches no selector. */
export function selectorMatches(selector: Selector, endpoint: Pick<Endpoint, 'labels'>): boolean {
  return selectorMatchesLabels(selector, endpoint.labels);
}

/** Whether the selector matches an endpoint with these labels. */
export function selectorMatchesLabels(selector: Selector, labels: LabelsBySpace): boolean {
  switch (selector.kind) {
    case 'all':
      return true;
    case 'none':
      return false;
    case 'in': {
      const value = labelOf(labels, selector.label);
      return value !== undefined && selector.values.includes(value);
    }
    case 'notIn': {
      const value = labelOf(labels, selector.label);
      return value === undefined || !selector.values.includes(value);
    }
    case 'text': {
      const value = labelOf(labels, selector.label);
      return value !== undefined && textMatches(selector, value);
    }
    case 'exists':
      return labelOf(labels, selector.label) !== undefined;
    case 'absent':
      return labelOf(labels, selector.label) === undefined;
    case 'and':
      return selector.of.every((part) => selectorMatchesLabels(part, labels));
    case 'or':
      return selector.of.some((part) => selectorMatchesLabels(part, labels));
    case 'not':
      return !selectorMatchesLabels(selector.of, labels);
    default:
      return unreachable(selector);
  }
}

/** Whether a label's value has the part that is asked for. */
export function textMatches({ test, value: part }: { readonly test: TextTest; readonly value: string }, value: string): boolean {
  switch (test) {
    case 'contains':
      return value.includes(part);
    case 'startsWith':
      return value.startsWith(part);
    case 'endsWith':
      return value.endsWith(part);
    default:
      return unreachable(test);
  }
}

/** The value of a label in its space, or undefined when the key is absent. */
export function labelOf(labels: LabelsBySpace, { space, key }: LabelKey): string | undefined {
  const map = labels[space];
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/**
 * The selector in normal form: `and` and `or` flattened, sorted, without duplicates and constants;
 * values sorted; `in` without values is none, `notIn` without values is all, a test for no text is `exists`.
 */
export function normaliseSelector(selector: Selector): Selector {
  switch (selector.kind) {
    case 'all':
    case 'none':
    case 'exists':
    case 'absent':
      return selector;
    case 'text':
      // Every value has the empty text in it.
      return selector.value === '' ? { kind: 'exists', label: selector.label } : selector;
    case 'in':
      return selector.values.length === 0 ? { kind: 'none' } : { ...selector, values: sortedUnique(selector.values) };
    case 'notIn':
      return selector.values.length === 0 ? { kind: 'all' } : { ...selector, values: sortedUnique(selector.values) };
    case 'and':
      return normaliseParts(selector.of, 'and');
    case 'or':
      return normaliseParts(selector.of, 'or');
    case 'not':
      return negation(normaliseSelector(selector.of));
    default:
      return unreachable(selector);
  }
}

/** The canonical text of a selector: equal for selectors that differ only in order and repetition. */
export function selectorKey(selector: Selector): string {
  return keyOfNormal(normaliseSelector(selector));
}

/** What was written of selectors: it is asked for again by whoever tells them apart. */
const texts: WeakMap<Selector, string> = new WeakMap();

/** The text of a selector as it is: equal texts are equal selectors, and selectors in normal form have no other. */
export function selectorText(selector: Selector): string {
  let text = texts.get(selector);
  if (text === undefined) texts.set(selector, (text = keyOfNormal(selector)));
  return text;
}

/** A label that must be there for a selector to match; with `values`, it must have one of them. */
export interface RequiredLabel {
  readonly label: LabelKey;
  readonly values?: readonly string[];
}

/**
 * Labels without which the selector cannot match: an index over any one of them finds every
 * endpoint that it may match. Empty when there is none (`all`, negations, alternatives).
 */
export function requiredLabels(selector: Selector): readonly RequiredLabel[] {
  switch (selector.kind) {
    case 'in':
      return [{ label: selector.label, values: selector.values }];
    case 'text':
    case 'exists':
      return [{ label: selector.label }];
    case 'and':
      return selector.of.flatMap(requiredLabels);
    case 'or':
      return selector.of.length === 1 ? selector.of.flatMap(requiredLabels) : [];
    case 'all':
    case 'none':
    case 'notIn':
    case 'absent':
    case 'not':
      return [];
    default:
      return unreachable(selector);
  }
}

/** What was found out of selectors: most of them outlive the world that asks. */
const namespacesOf: WeakMap<Selector, readonly string[] | 'any'> = new WeakMap();

/** The namespaces outside of which the selector matches nobody, each once; undefined where it may match in all. */
export function requiredNamespaces(selector: Selector): readonly string[] | undefined {
  let found = namespacesOf.get(selector);
  if (found === undefined) {
    const required = requiredLabels(selector).find(({ label }) => label.space === 'reserved' && label.key === 'namespace')?.values;
    found = required === undefined ? 'any' : [...new Set(required)];
    namespacesOf.set(selector, found);
  }
  return found === 'any' ? undefined : found;
}

/** The conjunction of selectors, in normal form. */
export function allOf(...selectors: readonly Selector[]): Selector {
  return normaliseParts(selectors, 'and');
}

function normaliseParts(parts: readonly Selector[], kind: 'and' | 'or'): Selector {
  const neutral = kind === 'and' ? 'all' : 'none';
  const absorbing = kind === 'and' ? 'none' : 'all';
  const byKey = new Map<string, Selector>();
  for (const part of parts) {
    const normal = normaliseSelector(part);
    if (normal.kind === absorbing) return { kind: absorbing };
    for (const member of normal.kind === kind ? normal.of : [normal]) {
      if (member.kind !== neutral) byKey.set(keyOfNormal(member), member);
    }
  }
  const members = [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, member]) => member);
  const [only] = members;
  if (only === undefined) return { kind: neutral };
  return members.length === 1 ? only : { kind, of: members };
}

function negation(normal: Selector): Selector {
  switch (normal.kind) {
    case 'all':
      return { kind: 'none' };
    case 'none':
      return { kind: 'all' };
    case 'in':
      return { ...normal, kind: 'notIn' };
    case 'notIn':
      return { ...normal, kind: 'in' };
    case 'exists':
      return { ...normal, kind: 'absent' };
    case 'absent':
      return { ...normal, kind: 'exists' };
    case 'not':
      return normal.of;
    case 'text':
    case 'and':
    case 'or':
      return { kind: 'not', of: normal };
    default:
      return unreachable(normal);
  }
}

function keyOfNormal(selector: Selector): string {
  switch (selector.kind) {
    case 'all':
    case 'none':
      return selector.kind;
    case 'in':
    case 'notIn':
      return `${keyText(selector.label)} ${selector.kind} ${JSON.stringify(selector.values)}`;
    case 'text':
      return `${keyText(selector.label)} ${selector.test} ${JSON.stringify(selector.value)}`;
    case 'exists':
    case 'absent':
      return `${keyText(selector.label)} ${selector.kind}`;
    case 'and':
    case 'or':
      return `${selector.kind}(${selector.of.map(keyOfNormal).join('; ')})`;
    case 'not':
      return `not(${keyOfNormal(selector.of)})`;
    default:
      return unreachable(selector);
  }
}

function keyText({ space, key }: LabelKey): string {
  return `${space}:${JSON.stringify(key)}`;
}

function sortedUnique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
