/** The exit codes of every command, and the error that carries one. */

/** What an exit code means; scripts rely on the numbers. */
export const exitCode = {
  /** Done, and as wished. */
  done: 0,
  /** Done, and the answer is "no": denied with `--fail-on denied`, differences, failed steps. */
  no: 1,
  /** Wrong usage or bad input; nothing changed. */
  usage: 2,
  /** What was asked for does not exist. */
  notFound: 3,
  /** The machine or the cluster cannot do it. */
  unable: 4,
  /** A fault of Weir's own. */
  fault: 70,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** An expected failure: one clear text for the user, and the exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Wrong usage. */
export function usageError(message: string): CommandError {
  return new CommandError(exitCode.usage, message);
}

/** Something does not exist. */
export function notFoundError(message: string): CommandError {
  return new CommandError(exitCode.notFound, message);
}
