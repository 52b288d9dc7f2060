/**
 * Selectors asked of an endpoint of which not everything is known, and which parts of a selector
 * fail. Only the labels of a namespace can be unknown, and of those never the namespace's name.
 */
import { unreachable } from '@weir/net';
import type { Endpoint } from './endpoint.ts';
import type { LabelKey, Selector } from './model.ts';
import type { PolicyWorld } from './policy-world.ts';
import { labelOf, selectorMatches } from './selector.ts';
import type { Mismatch, SideName, Truth } from './verdict.ts';

/** The label that the API server sets on every namespace to its own name. */
export const namespaceNameKey = 'kubernetes.io/metadata.name';

/** Whom selectors are asked about: a pod, or a host endpoint, which is in no namespace. */
export type SelectedEnd = Pick<Endpoint, 'labels' | 'namespace'>;

/** Whether the selector matches the endpoint, as far as the world knows. */
export function selectorTruth(world: PolicyWorld, selector: Selector, endpoint: SelectedEnd): Truth {
  if (!world.unknownNamespaces.has(endpoint.namespace)) return selectorMatches(selector, endpoint) ? 'yes' : 'no';
  return truthWithUnknownNamespace(selector, endpoint);
}

/** Each part of a selector that keeps it from matching, as a mismatch; alternatives stay whole. */
export function selectorMismatches(world: PolicyWorld, selector: Selector, endpoint: SelectedEnd, side: SideName): Mismatch[] {
  const truth = selectorTruth(world, selector, endpoint);
  if (truth === 'yes') return [];
  if (selector.kind === 'and') return selector.of.flatMap((part) => selectorMismatches(world, part, endpoint, side));
  if (truth === 'unknown') return [{ kind: 'missingFact', fact: `the labels of namespace ${endpoint.namespace}` }];
  const actual = 'label' in selector ? labelOf(endpoint.labels, selector.label) : undefined;
  return [{ kind: 'label', side, wanted: selector, ...(actual === undefined ? {} : { actual }) }];
}

function truthWithUnknownNamespace(selector: Selector, endpoint: SelectedEnd): Truth {
  switch (selector.kind) {
    case 'all':
    case 'none':
      return selector.kind === 'all' ? 'yes' : 'no';
    case 'in':
    case 'notIn':
    case 'text':
    case 'exists':
    case 'absent':
      if (isUnknown(selector.label)) return 'unknown';
      return selectorMatches(selector, endpoint) ? 'yes' : 'no';
    case 'and':
      return conjunction(selector.of.map((part) => truthWithUnknownNamespace(part, endpoint)));
    case 'or':
      return negation(conjunction(selector.of.map((part) => negation(truthWithUnknownNamespace(part, endpoint)))));
    case 'not':
      return negation(truthWithUnknownNamespace(selector.of, endpoint));
    default:
      return unreachable(selector);
  }
}

function isUnknown({ space, key }: LabelKey): boolean {
  return space === 'namespace' && key !== namespaceNameKey;
}

/** All of them: `no` before `unknown` before `yes`. */
export function conjunction(parts: readonly Truth[]): Truth {
  if (parts.includes('no')) return 'no';
  return parts.includes('unknown') ? 'unknown' : 'yes';
}

/** The opposite; what is unknown stays so. */
export function negation(truth: Truth): Truth {
  if (truth === 'unknown') return 'unknown';
  return truth === 'yes' ? 'no' : 'yes';
}
