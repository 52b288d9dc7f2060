/** A selector taken apart by whose labels it asks for, as the fields of policy APIs are. */
import { normaliseSelector, type Selector } from '@weir/model';
import { namespaceKey } from '../kubernetes/compile-selector.ts';
import { NoWords } from './written-policy.ts';

/** What is asked of each; all parts must hold. */
export interface SelectorParts {
  /** The namespaces that are named; undefined: none are. */
  readonly namespaces?: readonly string[];
  readonly namespace: readonly Selector[];
  readonly pod: readonly Selector[];
  readonly serviceAccount: readonly Selector[];
}

type Owner = 'namespace' | 'pod' | 'serviceAccount';

/** Throws {@link NoWords} where one alternative mixes labels of several owners. */
export function selectorParts(selector: Selector): SelectorParts {
  const parts: Record<Owner, Selector[]> = { namespace: [], pod: [], serviceAccount: [] };
  let namespaces: readonly string[] | undefined;
  for (const part of conjuncts(normaliseSelector(selector))) {
    if (part.kind === 'none') throw new NoWords('it matches no pod');
    if (part.kind === 'in' && isNamespaceName(part)) namespaces = namespaces?.filter((name) => part.values.includes(name)) ?? part.values;
    // Every pod has a namespace.
    else if (!(part.kind === 'exists' && isNamespaceName(part))) parts[ownerOf(part)].push(part);
  }
  if (namespaces?.length === 0) throw new NoWords('it matches no pod');
  return { ...parts, ...(namespaces === undefined ? {} : { namespaces }) };
}

/** Whether the selector asks for nothing but the name of one namespace; which one. */
export function onlyNamespace({ namespaces, namespace }: SelectorParts): string | undefined {
  return namespace.length === 0 && namespaces?.length === 1 ? namespaces[0] : undefined;
}

/** The namespaces that are named, as a condition again. */
export function namesOf({ namespaces }: SelectorParts): readonly Selector[] {
  return namespaces === undefined ? [] : [{ kind: 'in', label: namespaceKey, values: namespaces }];
}

function conjuncts(normal: Selector): readonly Selector[] {
  if (normal.kind === 'and') return normal.of;
  return normal.kind === 'all' ? [] : [normal];
}

function isNamespaceName({ label }: Extract<Selector, { label: unknown }>): boolean {
  return label.space === namespaceKey.space && label.key === namespaceKey.key;
}

function ownerOf(selector: Selector): Owner {
  const owners = new Set(ownersIn(selector));
  const [owner] = owners;
  if (owner === undefined || owners.size > 1)
    throw new NoWords('one condition asks for labels of pods and of namespaces or service accounts at once');
  return owner;
}

function ownersIn(selector: Selector): Owner[] {
  if (selector.kind === 'all' || selector.kind === 'none') return [];
  if (selector.kind === 'and' || selector.kind === 'or') return selector.of.flatMap(ownersIn);
  if (selector.kind === 'not') return ownersIn(selector.of);
  const { space, key } = selector.label;
  if (space !== 'reserved') return [space];
  if (isNamespaceName(selector)) return ['namespace'];
  if (key === 'serviceAccount') return ['serviceAccount'];
  throw new NoWords(`it asks for "${key}", which only the engine knows`);
}
