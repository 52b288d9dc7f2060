/** The report of the linter as JSON, for programs. */
import type { Finding, Severity } from './finding.ts';
import type { Linted, LintReport, RuleSummary } from './lint.ts';

/** How many findings there are; those that are ignored count only as such. */
export interface LintSummaryJson {
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
  readonly ignored: number;
}

/** What `weir lint -o json` prints. */
export interface LintReportJson {
  readonly checked: Linted;
  readonly summary: LintSummaryJson;
  /** In the order of the files; those that are ignored too, with `ignored`. */
  readonly findings: readonly Finding[];
  /** The rules that were asked. */
  readonly rules: readonly RuleSummary[];
}

/** Counts the findings by severity. */
export function summariseLint(findings: readonly Finding[]): LintSummaryJson {
  const count = (wanted: Severity): number =>
    findings.filter(({ severity, ignored }) => ignored === undefined && severity === wanted).length;
  return {
    errors: count('error'),
    warnings: count('warning'),
    infos: count('info'),
    ignored: findings.filter(({ ignored }) => ignored !== undefined).length,
  };
}

/** The report with its counts. */
export function lintToJson({ checked, findings, rules }: LintReport): LintReportJson {
  return { checked, summary: summariseLint(findings), findings, rules };
}
