/**
 * The environment of Kubernetes for expressions: which variables and functions there are.
 *
 * An expression is compiled once, against the types of its variables, and evaluated many times; each
 * evaluation is paid for from a {@link CostBudget}.
 */
import { CelBudgetError, type CelIssue } from './cel-error.ts';
import { CostBudget, perExpressionCost } from './cost-budget.ts';
import type { CelType } from './language/cel-type.ts';
import { checkExpression } from './language/checker.ts';
import { compileNode } from './language/evaluator.ts';
import { parseExpression } from './language/parser.ts';
import type { Step } from './language/step.ts';
import { addressLibrary } from './library/addresses.ts';
import { authorizerLibrary } from './library/authorizers.ts';
import { conversions } from './library/conversions.ts';
import { formatLibrary } from './library/formats.ts';
import { FunctionTable } from './library/function-table.ts';
import { listLibrary } from './library/lists.ts';
import { operators } from './library/operators.ts';
import { optionalLibrary } from './library/optionals.ts';
import { patternLibrary } from './library/patterns.ts';
import { quantityLibrary } from './library/quantities.ts';
import { stringLibrary } from './library/strings.ts';
import { timeLibrary } from './library/time-fields.ts';
import { urlLibrary } from './library/urls.ts';
import { versionLibrary } from './library/versions.ts';
import type { CelValue } from './values/cel-value.ts';

/** The functions that every expression of Kubernetes has. */
const kubernetesFunctions = new FunctionTable(
  operators,
  conversions,
  timeLibrary,
  stringLibrary,
  patternLibrary,
  listLibrary,
  optionalLibrary,
  quantityLibrary,
  addressLibrary,
  urlLibrary,
  formatLibrary,
  versionLibrary,
  authorizerLibrary,
);

/** A compiled expression. */
export class CelProgram {
  /** The type of its value, as far as it is known. */
  readonly type: CelType;
  readonly #step: Step;

  constructor(type: CelType, step: Step) {
    this.type = type;
    this.#step = step;
  }

  /**
   * The value for these variables. Throws a `CelError` when there is none, and a `CelBudgetError` when
   * it costs more than is left of the budget, or more than one expression may.
   */
  evaluate(variables: ReadonlyMap<string, CelValue>, shared: CostBudget): CelValue {
    const own = new CostBudget(Math.min(perExpressionCost, shared.left));
    const before = own.left;
    try {
      return this.#step({ variables, budget: own, locals: [] });
    } catch (error) {
      // Whatever was deeper than the stack is more work than an expression may be.
      if (error instanceof RangeError) throw new CelBudgetError('operation cancelled: actual cost limit exceeded');
      throw error;
    } finally {
      shared.take(before - own.left);
    }
  }
}

/** What compiling gives. */
export type CompiledExpression = { readonly program: CelProgram } | { readonly issues: readonly CelIssue[] };

/** Compiles an expression against the types of its variables. */
export function compileExpression(text: string, variables: ReadonlyMap<string, CelType>): CompiledExpression {
  const parsed = parseExpression(text);
  if ('issues' in parsed) return parsed;
  const checked = checkExpression(parsed.node, variables, kubernetesFunctions);
  if ('issues' in checked) return checked;
  return { program: new CelProgram(checked.type, compileNode(parsed.node, checked)) };
}
