/** `--query`: JMESPath, in the grammar that az takes. */
import jmespath from 'jmespath';
import { AzError, usageError } from '../az-error.ts';

const reference = "To learn more about --query, please visit: 'https://docs.microsoft.com/cli/azure/query-azure-cli'";

/** What is printed, and which of the objects in it a query has put together: only those have an order of their own. */
export interface Picked {
  readonly value: unknown;
  readonly isOrdered: (object: object) => boolean;
}

/** Throws a usage error for an expression that is none. */
export function checkQuery(expression: string): void {
  try {
    jmespath.compile(expression);
  } catch {
    throw usageError(`argument --query: invalid jmespath_type value: '${expression}'`, [reference]);
  }
}

/** What an expression picks from a result; without one, the result. Throws {@link AzError} when they do not fit. */
export function pick(result: unknown, expression: string | undefined): Picked {
  if (expression === undefined) return { value: result, isOrdered: () => false };
  const original = new Set(objectsIn(result));
  try {
    return { value: jmespath.search(result, expression), isOrdered: (object) => !original.has(object) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new AzError(1, `Invalid jmespath query supplied for \`--query\`: ${problem}`, [reference]);
  }
}

function* objectsIn(value: unknown): Iterable<object> {
  if (typeof value !== 'object' || value === null) return;
  yield value;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}
