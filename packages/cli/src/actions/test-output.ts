/** What `weir test` prints and writes: results as text, JSON, JUnit XML and TAP; coverage and mutants below them. */
import { writeFileSync } from 'node:fs';
import {
  type AssertionResult,
  type CoveredRule,
  failureLines,
  renderAssertion,
  renderMutants,
  summaryOfResults,
  testReportToJson,
} from '@weir/assertions';
import { describePolicy } from '@weir/model';
import type { OptionValues } from '../command.ts';
import { usageError } from '../exit-code.ts';
import { fileProblem } from '../file-problem.ts';
import { type Output, renderTable } from '../output.ts';
import { renderJunit } from '../reports/junit.ts';
import type { ReportedCase, ReportedSuite } from '../reports/report.ts';
import { renderTap } from '../reports/tap.ts';
import { renderReal } from './render-real.ts';
import type { FileRun, TestRun } from './test-run.ts';

/** A report to be written besides. */
interface ReportFile {
  readonly format: string;
  readonly path: string;
}

const reportFormats = ['junit', 'tap', 'json'];

/** The reports that `--report` asks for. */
export function reportFiles(options: OptionValues): ReportFile[] {
  return options.list('report').map((text) => {
    const [, format = '', path = ''] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
    if (reportFormats.includes(format)) return { format, path };
    throw usageError(`--report is FORMAT=FILE with one of ${reportFormats.join(', ')}, not '${text}'`);
  });
}

/** Prints the run as the output is asked to. */
export function printRun(run: TestRun, output: Output): void {
  if (output.format !== 'table') output.result(rendered(output.format, run));
  else printText(run, output);
}

/** Writes one report. */
export function writeReport({ format, path }: ReportFile, run: TestRun): void {
  try {
    writeFileSync(path, rendered(format, run));
  } catch (error) {
    throw usageError(`--report ${path}: ${fileProblem(error)}`);
  }
}

/** Of the rules, so many per cent are exercised; 100 where there is none. */
export function percentCovered(rules: readonly CoveredRule[]): number {
  return percent(rules.filter(({ tests }) => tests.length > 0).length, rules.length);
}

/** So many per cent of so many, rounded down; 100 of none. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((100 * part) / whole);
}

function printText({ files, results, coverage, mutants, real = [] }: TestRun, output: Output): void {
  const tones = { passed: 'good', failed: 'bad', error: 'bad', skipped: 'dim' } as const;
  const withEngine = new Set(results.map(({ engine }) => engine)).size > 1;
  const shown = { withEngine, tone: (outcome: AssertionResult['outcome'], text: string): string => output.tone(tones[outcome], text) };
  for (const { file, results: own } of files)
    output.result([output.tone('strong', file.tests.file), ...own.flatMap((each) => renderAssertion(each, shown))].join('\n'));
  output.result(summaryOfResults(results));
  for (const each of real) output.result(`\n${renderReal(each).join('\n')}`);
  if (coverage !== undefined) output.result(`\n${renderCoverage(coverage)}`);
  if (mutants !== undefined) output.result(`\n${renderMutants(mutants).join('\n')}`);
}

function renderCoverage(rules: readonly CoveredRule[]): string {
  const rows = rules.map(({ policy, rule, direction, source, tests }) => [
    describePolicy(policy),
    rule === 'isolation' ? `isolation for ${direction}` : rule,
    source === undefined ? '' : `${source.file}:${source.line}`,
    tests.length === 0 ? 'none' : String(tests.length),
  ]);
  const exercised = rules.filter(({ tests }) => tests.length > 0).length;
  const summary = `${exercised} of ${rules.length} rules exercised by an assertion (${percentCovered(rules)} %)`;
  return `${renderTable(['POLICY', 'RULE', 'PLACE', 'ASSERTIONS'], rows)}\n${summary}`;
}

function rendered(format: string, run: TestRun): string {
  if (format === 'json') return `${JSON.stringify(testReportToJson(run), null, 2)}\n`;
  return format === 'junit' ? renderJunit('weir test', run.files.map(suiteOf)) : renderTap(run.files.map(suiteOf));
}

function suiteOf({ file, snapshot, results }: FileRun): ReportedSuite {
  return {
    name: `${file.tests.file} as ${snapshot.world.profile.name}`,
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
  return { kind: outcome, message: problem?.message ?? failures[0]?.message ?? '', detail: failureLines(result).join('\n') };
}
