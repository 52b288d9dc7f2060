/**
 * Label selectors, from the API reference of meta/v1 LabelSelector: `matchLabels` and
 * `matchExpressions` are ANDed, an empty selector selects everything, and NotIn and DoesNotExist
 * hold for a label that is not there ("Labels and Selectors", set-based requirement).
 */
import type { LabelSelector } from '@weir/kube';

/** Whether labels satisfy a selector. */
export function labelsSatisfy(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels[key] !== value) return false;
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const has = Object.hasOwn(labels, key);
    const listed = has && (values ?? []).includes(labels[key] ?? '');
    if (operator === 'In' && !listed) return false;
    if (operator === 'NotIn' && listed) return false;
    if (operator === 'Exists' && !has) return false;
    if (operator === 'DoesNotExist' && has) return false;
  }
  return true;
}
