/** `matchConditions`: expressions that must all hold for a webhook or a policy to count. */
import {
  admissionVariables,
  CelError,
  type CelProgram,
  type CelValue,
  CostBudget,
  compileExpression,
  type JsonObject,
  objectsAt,
  textAt,
} from '@weir/kube';

/** One condition; a text that does not compile (it was refused when it was written) never holds. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
  readonly program: CelProgram | undefined;
}

/** What all conditions of one webhook or policy may cost together, as upstream. */
const conditionsCost = 2_500_000;

/** Compiles the conditions of a webhook or a policy. */
export function parseMatchConditions(parent: JsonObject | undefined, hasParams: boolean): readonly MatchCondition[] {
  return objectsAt(parent, 'matchConditions').map((condition) => {
    const expression = textAt(condition, 'expression');
    const compiled = compileExpression(expression, admissionVariables({ hasParams }));
    return { name: textAt(condition, 'name'), expression, program: 'program' in compiled ? compiled.program : undefined };
  });
}

/** Whether they hold, or why that cannot be said. One that does not hold decides, whatever went wrong with others. */
export function holdConditions(
  conditions: readonly MatchCondition[],
  values: ReadonlyMap<string, CelValue>,
): { readonly holds: boolean } | { readonly error: string } {
  const budget = new CostBudget(conditionsCost);
  const errors: string[] = [];
  for (const { expression, program } of conditions) {
    try {
      if (program === undefined) throw new CelError('compilation failed');
      if (program.evaluate(values, budget) !== true) return { holds: false };
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      errors.push(`expression '${expression}' resulted in error: ${error.message}`);
    }
  }
  return errors.length === 0 ? { holds: true } : { error: errors.join(', ') };
}
