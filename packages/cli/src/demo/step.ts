/** One command of the article: how it is run, and what it must come to. */

/** What one command did. */
export interface StepResult {
  readonly output: string;
  readonly exitCode: number;
}

/** Where the article's text cannot work as it is printed. */
export interface Correction {
  /** The article's words. */
  readonly printed: string;
  /** What is wrong with them, as the end of a sentence. */
  readonly because: string;
}

/** One command of the article. */
export interface Step {
  /** As a person types it; continuation lines as in the article. */
  readonly command: string;
  /** `$ ` for the person's shell; another one inside a pod. Default `$ `. */
  readonly prompt?: string;
  readonly correction?: Correction;
  /** Told to people when the step takes longer than a few seconds: what it is waiting for. */
  readonly patience?: string;
  run(): Promise<StepResult>;
  /** One sentence about what differs from the article; undefined when nothing does. */
  readonly differs?: (result: StepResult) => string | undefined;
}

/** The expectation of a step that names none. */
export function mustSucceed(result: StepResult): string | undefined {
  return result.exitCode === 0 ? undefined : `exit code ${result.exitCode} instead of 0`;
}

/** An expectation: exactly this output, spaces at the ends aside. */
export function mustPrint(expected: string): (result: StepResult) => string | undefined {
  return ({ output }) => {
    if (output.trim() === expected) return undefined;
    const wanted = expected === '' ? 'no output' : `'${expected}'`;
    return `printed ${output.trim() === '' ? 'nothing' : `'${output.trim()}'`} instead of ${wanted}`;
  };
}
