/** Compiled nodes: functions of the variables that are around them. */
import type { CostBudget } from '../cost-budget.ts';
import type { CelValue } from '../values/cel-value.ts';

/** What an evaluation works on. */
export interface Frame {
  readonly variables: ReadonlyMap<string, CelValue>;
  readonly budget: CostBudget;
  /** Variables of the macros around, by their slot. */
  readonly locals: CelValue[];
}

/** One compiled node. */
export type Step = (frame: Frame) => CelValue;
