/**
 * The printed record of the demo: each command as a person types it, its real output and its time,
 * and whether it did what the article says.
 */
import { formatDuration, type Output } from '../output.ts';
import type { ProgramVersions } from './program-versions.ts';
import { type Correction, mustSucceed, type Step, type StepResult } from './step.ts';
import { TerminalSessionError } from './terminal-session.ts';

/** A step as it went. */
export interface StepRecord extends StepResult {
  readonly command: string;
  /** File and version of the program that ran, where it is known. */
  readonly program?: string;
  readonly correction?: Correction;
  readonly milliseconds: number;
  /** What differs from the article. */
  readonly difference?: string;
}

/** What the demo came to. */
export interface TranscriptSummary {
  readonly steps: readonly StepRecord[];
  /** Each with its command. */
  readonly differences: readonly string[];
}

/** A step could not be done at all, so the ones after it make no sense; it is in the transcript. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** After this time a step says what it is waiting for. */
const patienceMs = 3_000;

/** More lines than this are printed with the middle left out; the report for programs has them all. */
const linesShown = 18;

/** Runs steps one after another and prints them. */
export class Transcript {
  readonly #output: Output;
  readonly #programs: ProgramVersions;
  readonly #steps: StepRecord[] = [];
  /** What is printed later; undefined when it is printed at once. */
  #held: string[] | undefined;

  constructor(output: Output, { programs = new Map(), isHeld = false }: { programs?: ProgramVersions; isHeld?: boolean } = {}) {
    this.#output = output;
    this.#programs = programs;
    this.#held = isHeld ? [] : undefined;
  }

  /** Prints what has been held back, and from now on at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const text of held) this.#print(text);
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
    const { correction } = step;
    if (correction !== undefined)
      this.#print(this.#output.tone('dim', `# the article prints "${correction.printed}", ${correction.because}`));
    this.#print(this.#output.tone('note', `${step.prompt ?? '$ '}${step.command}`));
    const { patience } = step;
    const timer = patience === undefined ? undefined : setTimeout(() => this.#output.progress(patience), patienceMs);
    try {
      const result = await step.run();
      if (result.output.trim() !== '') this.#print(abridged(result.output.trimEnd()));
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
    const differences = this.#steps.flatMap(({ command, difference }) =>
      difference === undefined ? [] : [`${command.replaceAll(/\s*\\?\n\s*/g, ' ')}: ${difference}`],
    );
    return { steps: this.#steps, differences };
  }

  #note({ command, correction, prompt }: Step, startedAtMs: number, seen: StepResult & { readonly difference: string | undefined }): void {
    const { difference, ...result } = seen;
    const milliseconds = Date.now() - startedAtMs;
    const program = prompt === undefined ? this.#programs.get(/^\S+/.exec(command)?.[0] ?? '') : undefined;
    this.#steps.push({
      command,
      ...(program === undefined ? {} : { program }),
      ...(correction === undefined ? {} : { correction }),
      ...result,
      milliseconds,
      ...(difference === undefined ? {} : { difference }),
    });
    if (difference !== undefined) this.#print(this.#output.tone('bad', `differs from the article: ${difference}`));
    this.#print(this.#output.tone('dim', `# ${formatDuration(milliseconds)}${program === undefined ? '' : `, by ${program}`}`));
  }

  /** For people it is the result; for programs the summary is. */
  #print(text: string): void {
    if (this.#held !== undefined) this.#held.push(text);
    else if (!this.#output.json) this.#output.result(text);
  }
}

function abridged(text: string): string {
  const lines = text.split('\n');
  if (lines.length <= linesShown) return text;
  const [first, last] = [linesShown - 8, 2];
  return [...lines.slice(0, first), `  … ${lines.length - first - last} lines more …`, ...lines.slice(-last)].join('\n');
}
