/** What the linter found, in the form of each report. */
import { existsSync, readFileSync } from 'node:fs';
import type { Finding, LintReport } from '@weir/lint';
import { checkoutFile } from '../self.ts';
import { githubAnnotations } from './github.ts';
import { renderJunit } from './junit.ts';
import type { ReportedCase, ReportedSuite } from './report.ts';
import { type FindingsReport, fullMessage } from './reported-finding.ts';
import { sarifLog } from './sarif.ts';

/** The report for code scanning. */
export function lintSarif(report: LintReport): Record<string, unknown> {
  return sarifLog(reported(report), process.cwd());
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
    const others = byFile.get(file);
    if (others === undefined) byFile.set(file, [finding]);
    else others.push(finding);
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

function reported({ findings, rules }: LintReport): FindingsReport {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const found = new Set(findings.map(({ rule }) => rule));
  return {
    version,
    findings,
    rules: rules.map(({ id, title, severity, page }) => {
      // A log has the pages of what it tells of, so that they can be read wherever it is shown.
      const help = found.has(id) ? pageText(page) : undefined;
      const description = `Finds ${title}. See ${page} of Weir.`;
      return { id, title, severity, description, ...(help === undefined ? {} : { help }) };
    }),
  };
}

/** The page of a rule; undefined where Weir was installed without its documentation. */
function pageText(page: string): string | undefined {
  const file = checkoutFile(page);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
