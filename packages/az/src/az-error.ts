/** What az tells its user when something is wrong, with the exit code that scripts rely on. */

/** 1: in general, the server's refusals too; 2: wrong usage; 3: not found. */
export type AzExitCode = 0 | 1 | 2 | 3;

/** An expected failure: the text after `ERROR: `, and lines of advice below it. */
export class AzError extends Error {
  override readonly name = 'AzError';
  readonly exitCode: AzExitCode;
  readonly advice: readonly string[];

  constructor(exitCode: AzExitCode, message: string, advice: readonly string[] = []) {
    super(message);
    this.exitCode = exitCode;
    this.advice = advice;
  }
}

/** Something that a person has to change. */
export function refused(message: string): AzError {
  return new AzError(1, message);
}

/** Arguments that cannot be understood. */
export function usageError(message: string, advice: readonly string[] = []): AzError {
  return new AzError(2, message, advice);
}
