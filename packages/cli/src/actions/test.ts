/** What `weir test` does: assertions about connections, judged as engines do. */
import { assertionFileSchema, type RealRunJson } from '@weir/assertions';
import type { Invocation, OptionValues } from '../command.ts';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
import { readTestFiles } from './test-files.ts';
import { percent, percentCovered, printRun, reportFiles, writeReport } from './test-output.ts';
import { runTestFiles, type TestRun } from './test-run.ts';
import { refuseStandardInput, type WatchedRun, watchTests } from './test-watch.ts';

const defaultTimeoutMs = 1_000;

/** Answers `weir test`. */
export async function runTest(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals, output, signal } = invocation;
  if (options.flag('schema')) {
    output.resultJson(assertionFileSchema());
    return exitCode.done;
  }
  if (!options.flag('watch')) return (await runOnce(invocation)).code;
  const paths = [...(positionals.length === 0 ? ['.'] : positionals), ...options.list('manifests')];
  refuseStandardInput(paths);
  return watchTests({ run: () => runOnce(invocation), paths, output, signal });
}

async function runOnce({ options, positionals, output, signal }: Invocation): Promise<WatchedRun> {
  const reports = reportFiles(options);
  const files = await readTestFiles(positionals, options);
  const computed = runTestFiles(files, options, {
    notice: (text) => output.notice(text),
    progress: (text) => output.progress(text),
  });
  const run: TestRun = options.flag('real') ? { ...computed, real: await tryOnKernel(computed, { options, output, signal }) } : computed;
  printRun(run, output);
  for (const report of reports) writeReport(report, run);
  const short = shortOf(run, options);
  for (const text of short) output.notice(text);
  const isWrong = run.results.some(({ outcome }) => outcome === 'failed' || outcome === 'error');
  const disagrees = run.real?.some(({ disagreements }) => disagreements.length > 0) === true;
  const code = failOnCode(options, { failed: isWrong || disagrees || short.length > 0 });
  return { code, paths: files.flatMap(({ paths }) => paths) };
}

/** Who only computes needs no lab. */
async function tryOnKernel(
  { files }: TestRun,
  { options, output, signal }: Pick<Invocation, 'options' | 'output' | 'signal'>,
): Promise<readonly RealRunJson[]> {
  const { tryRuns } = await import('./test-real.ts');
  return tryRuns(files, { timeoutMs: options.whole('timeout-ms', 1) ?? defaultTimeoutMs, output, signal });
}

/** What is below the least that the options ask for. */
function shortOf({ coverage, mutants }: TestRun, options: OptionValues): string[] {
  const [wanted, noticed] = [options.whole('min-coverage'), options.whole('min-noticed')];
  const covered = percentCovered(coverage ?? []);
  const tried = (mutants ?? []).filter(({ outcome }) => outcome === 'noticed' || outcome === 'survived');
  const found = percent(tried.filter(({ outcome }) => outcome === 'noticed').length, tried.length);
  return [
    ...(wanted !== undefined && covered < wanted
      ? [`${covered} % of the rules are exercised, and --min-coverage asks for ${wanted} %`]
      : []),
    ...(noticed !== undefined && found < noticed ? [`${found} % of the changes are noticed, and --min-noticed asks for ${noticed} %`] : []),
  ];
}
