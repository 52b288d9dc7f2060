/** Every rule, in the order of the list that people see. */
import type { LintRule } from './lint-rule.ts';
import { engineRules } from './rules/engines/index.ts';
import { inputRules } from './rules/input-rules.ts';
import { policyRules } from './rules/policies/index.ts';
import { semanticRules } from './rules/semantics/index.ts';

/** One line a folder. */
export const lintRules: readonly LintRule[] = [...inputRules, ...policyRules, ...semanticRules, ...engineRules];
