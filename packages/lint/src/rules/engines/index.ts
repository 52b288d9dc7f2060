/** Rules about what engines and operating systems make of policies, and how much of them they take. */
import type { LintRule } from '../../lint-rule.ts';
import { engineDifference } from './engine-difference.ts';
import { engineScale } from './engine-scale.ts';
import { engineSupport } from './engine-support.ts';
import { ipsetSize } from './ipset-size.ts';
import { policyMapSize } from './policy-map-size.ts';

/** In the order of the list that people see. */
export const engineRules: readonly LintRule[] = [engineSupport, engineDifference, engineScale, policyMapSize, ipsetSize];
