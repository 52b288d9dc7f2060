/** What `weir test` does: assertions about connections, judged as engines do. */
import { writeFileSync } from 'node:fs';
import {
  type AssertionResult,
  assertionFileSchema,
  failureLines,
  loadSnapshot,
  renderAssertion,
  runAssertions,
  type Snapshot,
  summaryOfResults,
  testReportToJson,
} from '@weir/analyze';
import { formatDiagnostic } from '@weir/kube';
import type { EngineName } from '@weir/model';
import type { Invocation, OptionValues } from '../command.ts';
import { type ExitCode, exitCode, usageError } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { renderJunit } from '../reports/junit.ts';
import type { ReportedCase, ReportedSuite } from '../reports/report.ts';
import { renderTap } from '../reports/tap.ts';
import { chosenReading } from '../source-options.ts';
import { readTestFiles, type TestFile } from './test-files.ts';

/** A file with what came of its assertions as one engine. */
interface FileRun {
  readonly file: TestFile;
  readonly snapshot: Snapshot;
  readonly results: readonly AssertionResult[];
}

/** Answers `weir test`. */
export async function runTest({ options, positionals, output }: Invocation): Promise<ExitCode> {
  if (options.flag('schema')) {
    output.resultJson(assertionFileSchema());
    return exitCode.done;
  }
  const reports = reportFiles(options);
  const files = await readTestFiles(positionals, options);
  const runs = files.flatMap((file) => runFile(file, options, output));
  const results = runs.flatMap((run) => run.results);
  print(runs, output);
  for (const { format, path } of reports) writeReport(path, rendered(format, runs));
  return results.some(({ outcome }) => outcome === 'failed' || outcome === 'error') ? exitCode.no : exitCode.done;
}

function runFile(file: TestFile, options: OptionValues, output: Output): FileRun[] {
  for (const notice of file.source.notices) output.notice(notice);
  return enginesOf(file, options).map((engine) => {
    const reading = chosenReading(withProfile(options, engine), file.source);
    const { podRanges } = file.tests;
    const snapshot = loadSnapshot(file.source.objects, { ...(podRanges === undefined ? {} : { podRanges }), ...reading });
    for (const diagnostic of snapshot.diagnostics) output.notice(formatDiagnostic(diagnostic));
    return { file, snapshot, results: runAssertions(snapshot, file.tests) };
  });
}

/** The one of the command line, else those of the file and its assertions, else that of the cluster. */
function enginesOf({ tests, source }: TestFile, options: OptionValues): readonly EngineName[] {
  const chosen = options.text('profile');
  if (chosen !== undefined) return [chosen as EngineName];
  const own = tests.profiles ?? [source.engine ?? 'kubernetes'];
  return [...new Set([...own, ...tests.assertions.flatMap(({ profiles }) => profiles ?? [])])];
}

function withProfile(options: OptionValues, engine: EngineName): OptionValues {
  return { ...options, text: (name) => (name === 'profile' ? engine : options.text(name)) };
}

function print(runs: readonly FileRun[], output: Output): void {
  const results = runs.flatMap((run) => run.results);
  if (output.json) {
    output.resultJson(testReportToJson(results));
    return;
  }
  if (output.format !== 'table') {
    output.result(rendered(output.format, runs));
    return;
  }
  const tones = { passed: 'good', failed: 'bad', error: 'bad', skipped: 'dim' } as const;
  const withEngine = new Set(results.map(({ engine }) => engine)).size > 1;
  const shown = { withEngine, tone: (outcome: AssertionResult['outcome'], text: string): string => output.tone(tones[outcome], text) };
  for (const { file, results: own } of runs) {
    output.result([output.tone('strong', file.tests.file), ...own.flatMap((each) => renderAssertion(each, shown))].join('\n'));
  }
  output.result(summaryOfResults(results));
}

interface ReportFile {
  readonly format: string;
  readonly path: string;
}

const reportFormats = ['junit', 'tap', 'json'];

function reportFiles(options: OptionValues): ReportFile[] {
  return options.list('report').map((text) => {
    const [, format = '', path = ''] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
    if (reportFormats.includes(format)) return { format, path };
    throw usageError(`--report is FORMAT=FILE with one of ${reportFormats.join(', ')}, not '${text}'`);
  });
}

function rendered(format: string, runs: readonly FileRun[]): string {
  if (format === 'json') return `${JSON.stringify(testReportToJson(runs.flatMap(({ results }) => results)), null, 2)}\n`;
  return format === 'junit' ? renderJunit('weir test', runs.map(suiteOf)) : renderTap(runs.map(suiteOf));
}

function suiteOf({ file, snapshot, results }: FileRun): ReportedSuite {
  const engine = snapshot.world.profile.name;
  return {
    name: `${file.tests.file} as ${engine}`,
    cases: results.map(
      (result): ReportedCase => ({
        name: result.assertion.name,
        group: file.tests.file,
        file: result.assertion.position.file,
        line: result.assertion.position.line,
        outcome: reportedOutcome(result),
      }),
    ),
  };
}

function reportedOutcome(result: AssertionResult): ReportedCase['outcome'] {
  const { outcome, failures, problem, engine } = result;
  if (outcome === 'passed') return { kind: 'passed' };
  if (outcome === 'skipped') return { kind: 'skipped', message: `it is not about ${engine}` };
  const message = problem?.message ?? failures[0]?.message ?? '';
  return { kind: outcome, message, detail: failureLines(result).join('\n') };
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw usageError(`--report ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
