/** What the linter found, in the form of each report. */
import { existsSync, readFileSync } from 'node:fs';
import { type Finding, type LintReport, severities } from '@weir/lint';
import { addToGroup } from '@weir/net';
import { checkoutFile } from '../self.ts';
import { githubAnnotations } from './github.ts';
import { renderJunit } from './junit.ts';
import type { ReportedCase, ReportedSuite } from './report.ts';
import { type FindingsReport, fullMessage } from './reported-finding.ts';
import { sarifLog } from './sarif.ts';

/** More results are refused by GitHub's code scanning, with all the others. */
export const sarifResultsMax = 25_000;

/** The report for code scanning, of the worst findings where there are too many. `pages` is where the pages of rules are published. */
export function lintSarif(report: LintReport, pages?: string): { readonly log: Record<string, unknown>; readonly leftOut: number } {
  const { findings } = report;
  const leftOut = Math.max(0, findings.length - sarifResultsMax);
  if (leftOut === 0) return { log: sarifLog(reported(report, pages), process.cwd()), leftOut };
  // What is ignored matters least; the order stays.
  const rank = ({ ignored, severity }: Finding): number => (ignored === undefined ? severities.indexOf(severity) : severities.length);
  const worst = new Set([...findings].sort((a, b) => rank(a) - rank(b)).slice(0, sarifResultsMax));
  const kept = findings.filter((finding) => worst.has(finding));
  return { log: sarifLog(reported({ ...report, findings: kept }, pages), process.cwd()), leftOut };
}

/** The annotations, a line each. */
export function lintAnnotations({ findings }: LintReport): string {
  return githubAnnotations(findings).join('\n');
}

/** A suite for each file, and a case for each rule that finds something there; what is ignored is skipped. */
export function lintJunit({ findings }: LintReport): string {
  const byFile = new Map<string, Finding[]>();
  for (const finding of findings) {
    const file = finding.place?.file ?? finding.object ?? '';
    addToGroup(byFile, file, finding);
  }
  const suites = [...byFile].map(([name, found]): ReportedSuite => ({ name, cases: found.map(caseOf) }));
  // A run without any case counts as broken with some readers.
  const clean = { name: 'weir lint', cases: [{ name: 'nothing is found', group: 'weir lint', outcome: { kind: 'passed' } }] } as const;
  return renderJunit('weir lint', suites.length === 0 ? [clean] : suites);
}

function caseOf(finding: Finding): ReportedCase {
  const { rule, severity, message, object, field, place, ignored } = finding;
  const about = [object, field].filter((part) => part !== undefined).join(' ');
  const outcome: ReportedCase['outcome'] =
    ignored === undefined
      ? { kind: 'failed', message: `${severity}: ${message}`, detail: fullMessage(finding) }
      : { kind: 'skipped', message: ignored.reason };
  return {
    name: about === '' ? rule : `${rule}: ${about}`,
    group: rule,
    outcome,
    ...(place === undefined ? {} : { file: place.file, line: place.line }),
  };
}

function reported({ findings, rules }: Pick<LintReport, 'findings' | 'rules'>, pages: string | undefined): FindingsReport {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const found = new Set(findings.map(({ rule }) => rule));
  return {
    version,
    findings,
    rules: rules.map(({ id, title, severity, page }) => {
      // A log has the pages of what it tells of, so that they can be read wherever it is shown.
      const help = found.has(id) ? pageText(page) : undefined;
      const description = `Finds ${title}. See ${page} of Weir.`;
      // An address of SARIF is absolute, and Weir knows none of its own: only whoever publishes the pages does.
      const address = pages === undefined ? {} : { page: `${pages}/${id}.md` };
      return { id, title, severity, description, ...address, ...(help === undefined ? {} : { help }) };
    }),
  };
}

/** The page of a rule; undefined where Weir was installed without its documentation. */
function pageText(page: string): string | undefined {
  const file = checkoutFile(page);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
