/** Rules about policies as they are written. */
import type { LintRule } from '../../lint-rule.ts';
import { danglingSelector, unknownNamespace } from './dangling-selector.ts';
import { selectsHostNetwork, selectsNothing } from './selects-nothing.ts';

/** In the order of the list that people see. */
export const policyRules: readonly LintRule[] = [selectsNothing, selectsHostNetwork, danglingSelector, unknownNamespace];
