/**
 * Selectors compiled for interned label sets, with three answers.
 *
 * While a namespace is not known its labels are unknown, and so is whatever depends on them: "not
 * in" must not hold only because the label has not been seen yet. Unknown is carried through `and`,
 * `or` and `not` as in Kleene's logic; who asks decides which way unknown falls.
 */

import { type LabelKey, type Selector, textMatches } from '@weir/model';
import { unreachable } from '@weir/net';
import type { LabelPair, LabelSet, Matcher, Verdict } from '../entries.ts';

/** A label's value; null: the key is absent; undefined: not known. */
type Lookup = (labelSet: LabelSet) => string | null | undefined;

/** Compiles a selector. */
export function compileMatcher(selector: Selector): Matcher {
  switch (selector.kind) {
    case 'all':
      return () => true;
    case 'none':
      return () => false;
    case 'in':
      return valueTest(selector.label, selector.values, true);
    case 'notIn':
      return valueTest(selector.label, selector.values, false);
    case 'text':
      return partTest(selector);
    case 'exists':
      return presenceTest(selector.label, true);
    case 'absent':
      return presenceTest(selector.label, false);
    case 'and':
      return conjunction(selector.of.map(compileMatcher), false);
    case 'or':
      return conjunction(selector.of.map(compileMatcher), true);
    case 'not': {
      const inner = compileMatcher(selector.of);
      return (labelSet) => {
        const verdict = inner(labelSet);
        return verdict === undefined ? undefined : !verdict;
      };
    }
    default:
      return unreachable(selector);
  }
}

/** `and` when `decisive` is false, `or` when it is true: the answer that one part can force. */
function conjunction(parts: readonly Matcher[], decisive: boolean): Matcher {
  return (labelSet) => {
    let verdict: Verdict = !decisive;
    for (const part of parts) {
      const one = part(labelSet);
      if (one === decisive) return decisive;
      if (one === undefined) verdict = undefined;
    }
    return verdict;
  };
}

function valueTest(label: LabelKey, values: readonly string[], inside: boolean): Matcher {
  const lookup = lookupOf(label);
  const wanted = new Set(values);
  return (labelSet) => {
    const value = lookup(labelSet);
    if (value === undefined) return undefined;
    return (value !== null && wanted.has(value)) === inside;
  };
}

function partTest(selector: Selector & { readonly kind: 'text' }): Matcher {
  const lookup = lookupOf(selector.label);
  return (labelSet) => {
    const value = lookup(labelSet);
    return value === undefined ? undefined : value !== null && textMatches(selector, value);
  };
}

function presenceTest(label: LabelKey, present: boolean): Matcher {
  const lookup = lookupOf(label);
  return (labelSet) => {
    const value = lookup(labelSet);
    return value === undefined ? undefined : (value !== null) === present;
  };
}

function lookupOf({ space, key }: LabelKey): Lookup {
  switch (space) {
    case 'pod':
    case 'serviceAccount':
      return (labelSet) => find(labelSet.pairs, space, key);
    case 'namespace':
      return ({ namespace }) => (namespace.known ? find(namespace.pairs, space, key) : undefined);
    case 'reserved':
      if (key === 'namespace') return ({ namespace }) => namespace.name;
      // Names are not told apart by label sets: a selector on them gets no answer, so it fails closed.
      return key === 'name' ? () => undefined : (labelSet) => find(labelSet.pairs, space, key);
    default:
      return unreachable(space);
  }
}

function find(pairs: readonly LabelPair[], space: LabelKey['space'], key: string): string | null {
  for (const pair of pairs) if (pair.key.key === key && pair.key.space === space) return pair.value;
  return null;
}
