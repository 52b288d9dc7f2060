/** Selectors of the model as label selectors of Kubernetes (meta/v1), which know "and" and nothing else. */
import type { LabelSelector, LabelSelectorRequirement } from '@weir/kube';
import type { LabelKey, Selector } from '@weir/model';
import { NoWords } from './written-policy.ts';

const operators = { in: 'In', notIn: 'NotIn', exists: 'Exists', absent: 'DoesNotExist' } as const;

/** All of the selectors at once; `keyOf` says what a label is called there. */
export function writeLabelSelector(selectors: readonly Selector[], keyOf: (label: LabelKey) => string): LabelSelector {
  const labels: Record<string, string> = {};
  const expressions: LabelSelectorRequirement[] = [];
  for (const selector of selectors) {
    const requirement = requirementOf(selector, keyOf);
    const { key, operator, values = [] } = requirement;
    const [only] = values;
    if (operator === 'In' && only !== undefined && values.length === 1 && !Object.hasOwn(labels, key)) labels[key] = only;
    else expressions.push(requirement);
  }
  return {
    ...(Object.keys(labels).length === 0 ? {} : { matchLabels: labels }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
}

function requirementOf(selector: Selector, keyOf: (label: LabelKey) => string): LabelSelectorRequirement {
  if (selector.kind === 'text') throw new NoWords(`it asks for a part of the value of ${selector.label.key}`);
  if (selector.kind === 'in' || selector.kind === 'notIn')
    return { key: keyOf(selector.label), operator: operators[selector.kind], values: selector.values };
  if (selector.kind === 'exists' || selector.kind === 'absent') return { key: keyOf(selector.label), operator: operators[selector.kind] };
  throw new NoWords('its labels are joined by more than "and"');
}
