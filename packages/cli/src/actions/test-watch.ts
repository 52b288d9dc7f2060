/** `weir test --watch`: runs again whenever a file that is involved changes, until it is interrupted. */
import { CommandError, type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { FileWatch } from '../file-watch.ts';
import type { Output } from '../output.ts';

/** One run, and the files and folders that it was about. */
export interface WatchedRun {
  readonly code: ExitCode;
  readonly paths: readonly string[];
}

/** What is watched. */
export interface Watching {
  /** Runs once; throws a CommandError for bad input, which is no end. */
  readonly run: () => Promise<WatchedRun>;
  /** What is watched as long as no run has come to know more. */
  readonly paths: readonly string[];
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Runs and waits in turn; gives the exit code of the last run when it is interrupted. */
export async function watchTests({ run, paths, output, signal }: Watching): Promise<ExitCode> {
  let known = paths;
  let code: ExitCode = exitCode.done;
  while (!signal.aborted) {
    // What changes during the run is a change.
    let watched = new FileWatch(known);
    try {
      const result = await run();
      code = result.code;
      const all = [...new Set([...paths, ...result.paths])];
      if (all.length !== known.length) {
        known = all;
        watched = new FileWatch(known);
      }
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      output.notice(`weir: ${error.message}`);
      code = error.code;
    }
    if (signal.aborted) break;
    output.progress(`watching ${watched.size} files; interrupt to end`);
    const changed = await watched.changed(signal);
    if (changed.length > 0) output.progress(`\nchanged: ${changed.join(', ')}`);
  }
  return code;
}

/** Standard input ends once. */
export function refuseStandardInput(paths: readonly string[]): void {
  if (paths.includes('-')) throw usageError('--watch cannot watch standard input: name files or folders');
}
