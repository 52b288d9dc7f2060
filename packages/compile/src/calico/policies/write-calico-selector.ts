/** Selectors of the model as expressions of Calico: the way back from `compile-calico-selector.ts`. */

import type { LabelKey, Selector, TextTest } from '@weir/model';
import { unreachable } from '@weir/net';
import { NoWords } from '../../writing/written-policy.ts';
import { type CalicoSelector, formatCalicoSelector, selectorValues, type TextOperator } from '../selector/calico-selector.ts';
import type { LabelOwner } from './compile-calico-selector.ts';

/** All of the selectors as one expression in a field that is about `owner`; '' when there are none. */
export function writeCalicoSelector(selectors: readonly Selector[], owner: LabelOwner): string {
  const written = selectors.map((selector) => calicoSelectorOf(selector, owner));
  const [only] = written;
  if (only === undefined) return '';
  return withoutParentheses(formatCalicoSelector(written.length === 1 ? only : { kind: 'and', of: written }));
}

const textOperators: Readonly<Record<TextTest, TextOperator>> = { contains: 'contains', startsWith: 'starts with', endsWith: 'ends with' };

function calicoSelectorOf(selector: Selector, owner: LabelOwner): CalicoSelector {
  switch (selector.kind) {
    case 'all':
      return { kind: 'all' };
    case 'none':
      return { kind: 'not', of: { kind: 'all' } };
    case 'in':
    case 'notIn':
      return valuesOf(selector, owner);
    case 'text':
      return {
        kind: 'text',
        label: nameOf(selector.label, owner),
        operator: textOperators[selector.test],
        value: writable(selector.value),
      };
    case 'exists':
      return { kind: 'has', label: nameOf(selector.label, owner) };
    case 'absent':
      return { kind: 'not', of: { kind: 'has', label: nameOf(selector.label, owner) } };
    case 'not':
      return { kind: 'not', of: calicoSelectorOf(selector.of, owner) };
    case 'and':
    case 'or':
      return { kind: selector.kind, of: selector.of.map((part) => calicoSelectorOf(part, owner)) };
    default:
      return unreachable(selector);
  }
}

function valuesOf({ kind, label, values }: Extract<Selector, { kind: 'in' | 'notIn' }>, owner: LabelOwner): CalicoSelector {
  const name = nameOf(label, owner);
  const [only] = values;
  if (only !== undefined && values.length === 1)
    return { kind: 'text', label: name, operator: kind === 'in' ? '==' : '!=', value: writable(only) };
  return { kind: 'set', label: name, operator: kind === 'in' ? 'in' : 'not in', values: selectorValues(values.map(writable)) };
}

/** What Calico calls what it knows itself, in fields about each owner. */
const knownNames: Readonly<Record<string, string>> = {
  namespace: 'projectcalico.org/namespace',
  serviceAccount: 'projectcalico.org/serviceaccount',
  orchestrator: 'projectcalico.org/orchestrator',
};

/** The name of a label in a field about `owner`; one about endpoints can name all, with their prefixes. */
function nameOf({ space, key }: LabelKey, owner: LabelOwner): string {
  if (space === 'reserved') return reservedName(key, owner);
  if (space === 'pod' && owner === 'endpoint') return writableKey(key);
  if (space === owner) return writableKey(key);
  if (owner === 'endpoint') return writableKey(`${space === 'namespace' ? 'pcns.' : 'pcsa.'}${key}`);
  throw new NoWords(`a field about labels of a ${owner} cannot ask for those of a ${space}`);
}

function reservedName(key: string, owner: LabelOwner): string {
  if (owner === key) return 'projectcalico.org/name';
  const name = knownNames[key];
  if (owner !== 'endpoint' || name === undefined) throw new NoWords(`Calico has no label for "${key}" there`);
  return name;
}

function writableKey(key: string): string {
  if (!/^[A-Za-z0-9_./-]{1,512}$/.test(key)) throw new NoWords(`Calico's selectors cannot name the label ${JSON.stringify(key)}`);
  return key;
}

/** A literal has one kind of quotes around it and none of them in it. */
function writable(value: string): string {
  if (value.includes('"') && value.includes("'")) throw new NoWords(`Calico's selectors cannot say the value ${JSON.stringify(value)}`);
  return value;
}

/** The outermost pair says nothing; the canonical form has it all the same. */
function withoutParentheses(text: string): string {
  return text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1) : text;
}
