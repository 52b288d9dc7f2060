/** The end of a demo: what differed, for people or for programs, and the exit code. */
import { type ExitCode, exitCode } from '../exit-code.ts';
import { formatDuration, type Output } from '../output.ts';
import type { StepRecord, Transcript } from './transcript.ts';

/** What is told at the end. */
export interface Conclusion {
  readonly transcripts: readonly Transcript[];
  readonly milliseconds: number;
  /** What there is now, as the end of a sentence. */
  readonly remains: string;
  /** What a person learns when nothing differed. */
  readonly lesson: string;
  /** Differences that are of no step. */
  readonly besides?: readonly string[];
}

/** Prints it. */
export function conclude(output: Output, { transcripts, milliseconds, remains, lesson, besides = [] }: Conclusion): ExitCode {
  const summaries = transcripts.map((transcript) => transcript.summary());
  const steps: readonly StepRecord[] = summaries.flatMap((summary) => summary.steps);
  const differences = [...summaries.flatMap((summary) => summary.differences), ...besides];
  const code = differences.length === 0 ? exitCode.done : exitCode.no;
  if (output.json) {
    output.resultJson({ asTheArticleSays: differences.length === 0, differences, milliseconds, steps });
    return code;
  }
  output.result(`\n${output.tone('strong', 'Summary')}`);
  output.result(`${steps.length} steps in ${formatDuration(milliseconds)}; ${remains}.`);
  if (differences.length === 0) {
    output.result(output.tone('good', lesson));
    return code;
  }
  const count = differences.length === 1 ? '1 step differs' : `${differences.length} steps differ`;
  output.result(output.tone('bad', `${count} from the article:`));
  for (const difference of differences) output.result(`  ${difference}`);
  return code;
}
