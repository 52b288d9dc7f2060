/** Rules about what is ignored: they are asked when everything else is found, see `apply-ignores.ts`. */
import type { LintRule } from '../lint-rule.ts';

/** Nothing is left to be found by them in the objects. */
const check = (): [] => [];

/** The rules. */
export const ignoreRules: readonly LintRule[] = [
  { id: 'ignore-without-reason', title: 'a comment that ignores a rule and gives no reason', severity: 'warning', check },
  { id: 'unknown-ignore', title: 'a comment that ignores a rule that there is not', severity: 'warning', check },
  { id: 'unused-ignore', title: 'a comment, or an entry of the configuration, that ignores what is not found', severity: 'info', check },
];
