/** meta/v1 LabelSelector, as data; matching lives in `selectors/`. */
import type { StringMap } from './object-meta.ts';

/** The four operators of `matchExpressions`. */
export type LabelSelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

/** One requirement; `values` belongs to In and NotIn only. */
export interface LabelSelectorRequirement {
  readonly key: string;
  readonly operator: LabelSelectorOperator;
  readonly values?: readonly string[];
}

/** All of `matchLabels` and `matchExpressions` must hold; an empty selector matches everything. */
export interface LabelSelector {
  readonly matchLabels?: StringMap;
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}
