/**
 * How much evaluations may cost, in the units of cel-go.
 *
 * A unit is about one step; work that grows with its arguments (searching a text, matching a pattern,
 * building a list) costs accordingly. So the time of an evaluation is bounded whatever it is given.
 */
import { CelBudgetError } from './cel-error.ts';

/** The most that one expression may cost, as Kubernetes has it. */
export const perExpressionCost = 1_000_000;

/** What is left for one expression, taken from what is left for all of them. */
export class CostBudget {
  #left: number;

  /** `units`: what all expressions that share the budget may cost together. */
  constructor(units: number) {
    this.#left = units;
  }

  /** What is left. */
  get left(): number {
    return this.#left;
  }

  /** Takes units; throws a {@link CelBudgetError} when there are not enough. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new CelBudgetError('operation cancelled: actual cost limit exceeded');
  }

  /** Takes units that have been spent elsewhere; less than nothing is nothing. */
  take(units: number): void {
    this.#left = Math.max(0, this.#left - units);
  }
}
