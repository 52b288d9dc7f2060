/** What `weir lint` does: reads, looks, prints what was found. */
import { isAtLeast, type LintReport, lint, lintToJson, listRules, type Severity } from '@weir/lint';
import type { Invocation, OptionValues } from '../command.ts';
import { type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { readLintSource } from '../lint-source.ts';
import { renderFindings, renderRules } from '../render-findings.ts';
import { chosenReading } from '../source-options.ts';

/** Answers `weir lint`. */
export async function runLint({ options, positionals, output }: Invocation): Promise<ExitCode> {
  if (options.flag('list-rules')) {
    if (output.json) output.resultJson(listRules());
    else output.result(renderRules(listRules()));
    return exitCode.done;
  }
  const rules = chosenRules(options);
  const { input, known, notices } = await readLintSource(options, positionals);
  for (const notice of notices) output.notice(notice);
  const report = lint(input, { ...chosenReading(options, known), ...rules });
  if (output.json) output.resultJson(lintToJson(report));
  else output.result(renderFindings(report.findings, { output, showsIgnored: options.flag('show-ignored') }));
  return hasFailed(report, (options.text('fail-on') ?? 'error') as Severity | 'never') ? exitCode.no : exitCode.done;
}

function hasFailed({ findings }: LintReport, limit: Severity | 'never'): boolean {
  return limit !== 'never' && findings.some(({ severity, ignored }) => ignored === undefined && isAtLeast(severity, limit));
}

/** The rules that are asked, as the options name them. */
function chosenRules(options: OptionValues): { readonly onlyRules?: readonly string[]; readonly withoutRules?: readonly string[] } {
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
