/** `--query`: JMESPath, in the grammar that az takes. */
import jmespath from 'jmespath';
import { AzError, usageError } from '../az-error.ts';

/** Where one learns of queries. */
export const queryReference = "To learn more about --query, please visit: 'https://docs.microsoft.com/cli/azure/query-azure-cli'";

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
    throw usageError(`argument --query: invalid jmespath_type value: '${expression}'`, [queryReference]);
  }
}

/** What an expression picks from a result; without one, the result. Throws {@link AzError} when they do not fit. */
export function pick(result: unknown, expression: string | undefined): Picked {
  if (expression === undefined) return { value: result, isOrdered: () => false };
  const original = new Set(objectsIn(result));
  try {
    return { value: jmespath.search(result, expression), isOrdered: (object) => !original.has(object) };
  } catch (error) {
    throw new AzError(1, `Invalid jmespath query supplied for \`--query\`: ${problemOf(error, result, expression)}`, [queryReference]);
  }
}

/** The library's problem in the words of Python's, which az shows. */
function problemOf(error: unknown, result: unknown, expression: string): string {
  const text = error instanceof Error ? error.message : String(error);
  const count = /^ArgumentError: (\w+)\(\) takes (at least )?(\d+) arguments? but received (\d+)$/.exec(text);
  if (count !== null) {
    const [, name = '', least = '', wished = '', received = ''] = count;
    return `Expected ${least}${wished} argument${wished === '1' ? '' : 's'} for function ${name}(), received ${received}`;
  }
  const type = /^TypeError: (\w+)\(\) expected argument (\d+) to be type ([\w,<>-]+) but received type (\w+) instead\.$/.exec(text);
  if (type === null) return text;
  const [, name = '', position = '', wished = '', received = ''] = type;
  const value = argumentValue(result, expression, Number(position));
  const shown = value === undefined ? '' : ` for value: ${typeof value === 'string' ? value : JSON.stringify(value)}`;
  const expected = wished.split(/[,|]/).map((each) => `'${each}'`);
  return `In function ${name}(), invalid type${shown}, expected one of: [${expected.join(', ')}], received: "${received}"`;
}

/** What a function was given, when the whole expression is one call of it. */
function argumentValue(result: unknown, expression: string, position: number): unknown {
  const inner = /^\s*\w+\(([^()`'"]*)\)\s*$/.exec(expression)?.[1]?.split(',')[position - 1];
  return inner === undefined ? undefined : (jmespath.search(result, inner.trim()) ?? undefined);
}

function* objectsIn(value: unknown): Iterable<object> {
  if (typeof value !== 'object' || value === null) return;
  yield value;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}
