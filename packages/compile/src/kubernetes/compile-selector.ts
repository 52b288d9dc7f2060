/** meta/v1 label selectors into selectors of the model, in one label space. */
import type { LabelSelector, LabelSelectorRequirement } from '@weir/kube';
import { allOf, type LabelKey, type LabelSpace, type Selector } from '@weir/model';
import { unreachable } from '@weir/net';

/** The key under which Weir knows an endpoint's namespace; no pod can label itself into it. */
export const namespaceKey: LabelKey = { space: 'reserved', key: 'namespace' };

/** The selector over labels of `space`, in normal form; an empty selector matches every endpoint. */
export function compileLabelSelector(selector: LabelSelector, space: LabelSpace): Selector {
  return allOf(...partsOf(selector, space));
}

/** The selector of the endpoints that both match: one by the labels of their namespace, the other by their own. */
export function compilePeerSelector(namespaceSelector: LabelSelector, podSelector: LabelSelector): Selector {
  return allOf(...partsOf(namespaceSelector, 'namespace'), ...partsOf(podSelector, 'pod'));
}

/** What all has to hold, not yet in normal form: to bring it there is done once. */
function partsOf(selector: LabelSelector, space: LabelSpace): Selector[] {
  const labels = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): Selector => ({ kind: 'in', label: { space, key }, values: [value] }),
  );
  const expressions = (selector.matchExpressions ?? []).map((requirement) => compileRequirement(requirement, space));
  return [...labels, ...expressions];
}

/** The selector of all endpoints of one namespace that `selector` matches by their pod labels. */
export function compilePodSelector(selector: LabelSelector, namespace: string): Selector {
  return allOf({ kind: 'in', label: namespaceKey, values: [namespace] }, ...partsOf(selector, 'pod'));
}

function compileRequirement({ key, operator, values = [] }: LabelSelectorRequirement, space: LabelSpace): Selector {
  const label: LabelKey = { space, key };
  switch (operator) {
    case 'In':
      return { kind: 'in', label, values };
    case 'NotIn':
      return { kind: 'notIn', label, values };
    case 'Exists':
      return { kind: 'exists', label };
    case 'DoesNotExist':
      return { kind: 'absent', label };
    default:
      return unreachable(operator);
  }
}
