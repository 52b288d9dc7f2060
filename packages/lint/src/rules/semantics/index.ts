/** Rules about what policies come to together, found by deciding every flow of the pods that there are. */
import type { LintRule } from '../../lint-rule.ts';
import { oneSidedAllowance } from './one-sided-allowance.ts';
import { redundantPolicy, redundantRule, shadowedRule, unreachableRule } from './spare-rules.ts';
import { tiedOrder } from './tied-order.ts';

/** In the order of the list that people see. */
export const semanticRules: readonly LintRule[] = [
  shadowedRule,
  unreachableRule,
  redundantRule,
  redundantPolicy,
  oneSidedAllowance,
  tiedOrder,
];
