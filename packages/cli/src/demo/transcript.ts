/**
 * The printed record of the demo: each command as a person types it, its real output and its time,
 * and whether it did what the article says.
 */
import { formatDuration, type Output } from '../output.ts';
import { TerminalSessionError } from './terminal-session.ts';

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
  /** Told to people when the step takes longer than a few seconds: what it is waiting for. */
  readonly patience?: string;
  run(): Promise<StepResult>;
  /** One sentence about what differs from the article; undefined when nothing does. */
  readonly differs?: (result: StepResult) => string | undefined;
}

/** A step as it went. */
export interface StepRecord extends StepResult {
  readonly command: string;
  readonly milliseconds: number;
  /** What differs from the article. */
  readonly difference?: string;
}

/** What the demo came to. */
export interface TranscriptSummary {
  readonly steps: readonly StepRecord[];
  /** Each with its command. */
  readonly differences: readonly string[];
  readonly milliseconds: number;
}

/** A step could not be done at all, so the ones after it make no sense; it is in the transcript. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** After this time a step says what it is waiting for. */
const patienceMs = 3_000;

/** Runs steps one after another and prints them. */
export class Transcript {
  readonly #output: Output;
  readonly #startedAtMs = Date.now();
  readonly #steps: StepRecord[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  /** Prints a heading. */
  heading(text: string): void {
    this.#print(`\n${this.#output.tone('strong', text)}`);
  }

  /**
   * Prints the command, runs it, prints its output and time. A step that differs is noted and the
   * demo goes on; one that throws is noted, and {@link StepFailed} is thrown.
   */
  async step(step: Step): Promise<StepResult> {
    const startedAtMs = Date.now();
    this.#print(this.#output.tone('note', `${step.prompt ?? '$ '}${step.command}`));
    const { patience } = step;
    const timer = patience === undefined ? undefined : setTimeout(() => this.#output.progress(patience), patienceMs);
    try {
      const result = await step.run();
      if (result.output.trim() !== '') this.#print(result.output.trimEnd());
      this.#note(step, startedAtMs, { ...result, difference: (step.differs ?? mustSucceed)(result) });
      return result;
    } catch (error) {
      if (!(error instanceof TerminalSessionError)) throw error;
      this.#note(step, startedAtMs, { output: '', exitCode: 1, difference: error.message });
      throw new StepFailed(error.message);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What has been seen so far. */
  summary(): TranscriptSummary {
    const differences = this.#steps.flatMap(({ command, difference }) => (difference === undefined ? [] : [`${command}: ${difference}`]));
    return { steps: this.#steps, differences, milliseconds: Date.now() - this.#startedAtMs };
  }

  #note({ command }: Step, startedAtMs: number, seen: StepResult & { readonly difference: string | undefined }): void {
    const { difference, ...result } = seen;
    const milliseconds = Date.now() - startedAtMs;
    this.#steps.push({ command, ...result, milliseconds, ...(difference === undefined ? {} : { difference }) });
    if (difference !== undefined) this.#print(this.#output.tone('bad', `differs from the article: ${difference}`));
    this.#print(this.#output.tone('dim', `# ${formatDuration(milliseconds)}`));
  }

  /** For people it is the result; for programs the summary is. */
  #print(text: string): void {
    if (!this.#output.json) this.#output.result(text);
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
