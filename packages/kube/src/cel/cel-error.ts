/** What goes wrong with an expression: when it is compiled (issues), and when it is evaluated (errors). */

/** One mistake in the text of an expression; `offset` counts UTF-16 units. */
export interface CelIssue {
  readonly offset: number;
  readonly message: string;
}

/** An expression that does not compile, or that is deeper or longer than is taken. */
export class CelSyntaxError extends Error {
  override readonly name = 'CelSyntaxError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** An evaluation that has no value; the words are those of cel-go. */
export class CelError extends Error {
  override readonly name: string = 'CelError';
}

/** An evaluation that was cut off: no `||` and no macro goes on after it. */
export class CelBudgetError extends CelError {
  override readonly name = 'CelBudgetError';
}

/** Issues as cel-go prints them: line, column, the line itself and a mark below the place. */
export function formatIssues(text: string, issues: readonly CelIssue[]): string {
  return issues.map((issue) => formatIssue(text, issue)).join('\n');
}

function formatIssue(text: string, { offset, message }: CelIssue): string {
  const before = text.slice(0, offset).split('\n');
  const line = before.length;
  const column = Array.from(before.at(-1) ?? '').length;
  const source = text.split('\n')[line - 1] ?? '';
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${source}\n | ${'.'.repeat(column)}^`;
}
