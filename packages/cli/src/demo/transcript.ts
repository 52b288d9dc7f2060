/**
 * The printed record of the demo: each command as a person types it, its real output and its time,
 * and whether it did what the article says.
 */
import { formatDuration, type Output } from '../output.ts';

/** What one command did. */
export interface StepResult {
  readonly output: string;
  readonly exitCode: number;
}

/** One command of the article. */
export interface Step {
  /** As a person types it; continuation lines as in the article. */
  readonly command: string;
  /** `$ ` for the person's shell; another one inside a pod. Default `$ `. */
  readonly prompt?: string;
  run(): Promise<StepResult>;
  /** One sentence about what differs from the article; undefined when nothing does. */
  differs?(result: StepResult): string | undefined;
}

/** What the demo came to. */
export interface TranscriptSummary {
  readonly steps: number;
  readonly differences: readonly string[];
  readonly milliseconds: number;
}

/** Runs steps one after another and prints them. */
export class Transcript {
  readonly #output: Output;
  readonly #differences: string[] = [];
  readonly #startedAtMs = Date.now();
  #steps = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Prints a heading. */
  heading(text: string): void {
    this.#output.result(`\n${this.#output.tone('strong', text)}`);
  }

  /** Runs one step and prints it; a step that differs is noted and the demo goes on. */
  async step(step: Step): Promise<StepResult> {
    const startedAtMs = Date.now();
    const result = await step.run();
    const time = formatDuration(Date.now() - startedAtMs);
    this.#steps++;
    this.#output.result(`${this.#output.tone('note', `${step.prompt ?? '$ '}${step.command}`)}   ${this.#output.tone('dim', `# ${time}`)}`);
    if (result.output.trim() !== '') this.#output.result(result.output.trimEnd());
    const difference = step.differs === undefined ? mustSucceed(result) : step.differs(result);
    if (difference !== undefined) {
      this.#differences.push(`${step.command}: ${difference}`);
      this.#output.result(this.#output.tone('bad', `differs from the article: ${difference}`));
    }
    return result;
  }

  /** What has been seen so far. */
  summary(): TranscriptSummary {
    return { steps: this.#steps, differences: this.#differences, milliseconds: Date.now() - this.#startedAtMs };
  }
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
