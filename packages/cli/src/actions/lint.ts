/** What `weir lint` does: reads, looks, corrects where it may, prints what is left. */
import { writeFileSync } from 'node:fs';
import { comparedEngines } from '@weir/analyze';
import {
  applyFixes,
  isAtLeast,
  type LintOptions,
  type LintReport,
  lint,
  lintToJson,
  listRules,
  pagesAddress,
  type Severity,
} from '@weir/lint';
import type { EngineName, OperatingSystem } from '@weir/model';
import type { Invocation, OptionValues } from '../command.ts';
import { type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { findLintConfiguration } from '../lint-configuration.ts';
import { type LintSource, readLintSource } from '../lint-source.ts';
import type { Output } from '../output.ts';
import { renderFindings, renderRules } from '../render-findings.ts';
import { lintAnnotations, lintJunit, lintSarif, sarifResultsMax } from '../reports/lint-report.ts';
import { standardInput } from '../reports/reported-finding.ts';
import { chosenReading } from '../source-options.ts';

/** Answers `weir lint`. */
export async function runLint({ options, positionals, output }: Invocation): Promise<ExitCode> {
  if (options.flag('list-rules')) {
    if (output.json) output.resultJson(listRules());
    else output.result(renderRules(listRules()));
    return exitCode.done;
  }
  const rules = chosenRules(options);
  const configuration = findLintConfiguration(options.text('config'));
  const source = await readLintSource(options, positionals);
  for (const notice of source.notices) output.notice(notice);
  const asked = { ...chosenReading(options, source.known), ...rules, ...askedFor(options), configuration };
  const fixes = options.flag('fix-unsafe') ? 'all' : options.flag('fix') ? 'safe' : undefined;
  const report = fixes === undefined ? lint(source.input, asked) : fixFiles(source, asked, { fixes, output });
  print(report, output, { showsIgnored: options.flag('show-ignored'), pages: chosenPages(options) ?? configuration.pages });
  const limit = (options.text('fail-on') ?? configuration.failOn ?? 'error') as Severity | 'never';
  return hasFailed(report, limit) ? exitCode.no : exitCode.done;
}

function print(
  report: LintReport,
  output: Output,
  { showsIgnored, pages }: { readonly showsIgnored: boolean; readonly pages: string | undefined },
): void {
  switch (output.format) {
    case 'json':
      return output.resultJson(lintToJson(report));
    case 'sarif':
      return printSarif(report, output, pages);
    case 'junit':
      return output.result(lintJunit(report));
    case 'github': {
      const lines = lintAnnotations(report);
      return lines === '' ? undefined : output.result(lines);
    }
    default:
      return output.result(renderFindings(report, { output, showsIgnored }));
  }
}

function printSarif(report: LintReport, output: Output, pages: string | undefined): void {
  const { log, leftOut } = lintSarif(report, pages);
  if (leftOut > 0) output.notice(`SARIF has the ${sarifResultsMax} worst findings, as GitHub takes no more; ${leftOut} are left out`);
  output.resultJson(log);
}

/** The address that an option names. */
function chosenPages(options: OptionValues): string | undefined {
  const text = options.text('pages');
  if (text === undefined) return undefined;
  const pages = pagesAddress(text);
  if (pages === undefined) throw usageError(`--pages ${text}: name an address, such as https://example.org/weir/docs/lint`);
  return pages;
}

/** More rounds than any correction needs: each of them makes at least one that the one before could not make. */
const maxRounds = 20;

/** Corrects the files, until there is nothing more to correct; gives what is found in them then. */
function fixFiles(
  { input, reread }: LintSource,
  asked: LintOptions,
  { fixes, output }: { fixes: 'safe' | 'all'; output: Output },
): LintReport {
  const { texts: original } = input;
  if (original === undefined || reread === undefined)
    throw usageError('--fix corrects files: name some, since nothing is written to a cluster');
  if (original.has(standardInput)) throw usageError('--fix corrects files: standard input is none');
  let texts = original;
  let report = lint(input, asked);
  let count = 0;
  for (let round = 0; round < maxRounds; round++) {
    const made = applyFixes(texts, report.findings, fixes);
    if (made.fixed.length === 0) break;
    count += made.fixed.length;
    texts = new Map([...texts, ...made.texts]);
    report = lint(reread(texts), asked);
  }
  const changed = [...texts].filter(([file, text]) => original.get(file) !== text);
  for (const [file, text] of changed) writeFileSync(file, text);
  const files = `${changed.length} file${changed.length === 1 ? '' : 's'}`;
  output.progress(count === 0 ? 'nothing to correct' : `corrected ${count} finding${count === 1 ? '' : 's'} in ${files}`);
  return report;
}

function hasFailed({ findings }: LintReport, limit: Severity | 'never'): boolean {
  return limit !== 'never' && findings.some(({ severity, ignored }) => ignored === undefined && isAtLeast(severity, limit));
}

/** The engines and systems with which all of it should work too. */
function askedFor(options: OptionValues): { readonly engines: readonly EngineName[]; readonly systems: readonly OperatingSystem[] } {
  const named = options.list('engine').flatMap((text) => text.split(','));
  const unknown = named.find((name) => name !== 'all' && !comparedEngines.some((engine) => engine === name));
  if (unknown !== undefined) throw usageError(`--engine: there is no ${unknown}; take ${comparedEngines.join(', ')} or all`);
  const engines = named.includes('all') ? comparedEngines : comparedEngines.filter((engine) => named.includes(engine));
  return { engines, systems: options.list('system') as readonly OperatingSystem[] };
}

/** The rules that are asked, as the options name them. */
function chosenRules(options: OptionValues): Pick<LintOptions, 'onlyRules' | 'withoutRules'> {
  const known = new Set(listRules().map(({ id }) => id));
  const named = (option: string): readonly string[] => {
    const ids = options.list(option).flatMap((text) => text.split(','));
    const unknown = ids.find((id) => !known.has(id));
    if (unknown !== undefined) throw usageError(`--${option}: there is no rule ${unknown}: weir lint --list-rules prints them`);
    return ids;
  };
  const [only, without] = [named('rule'), named('ignore-rule')];
  return { ...(only.length === 0 ? {} : { onlyRules: only }), withoutRules: without };
}
