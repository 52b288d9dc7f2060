/**
 * Reports as JUnit XML: the form that Jenkins, GitLab, Azure Pipelines, GitHub's actions and most others read.
 *
 * There is no standard but what those read: `testsuites` of `testsuite` of `testcase`, each case with at most one of
 * `failure`, `error` and `skipped`; counts and times as attributes; place as `file` and `line`.
 */
import type { ReportedCase, ReportedSuite } from './report.ts';

/** The document; `name` is that of the whole run. */
export function renderJunit(name: string, suites: readonly ReportedSuite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name, ...countsOf(all) })}>`,
    ...suites.flatMap((suite) => [
      `  <testsuite${attributes({ name: suite.name, ...countsOf(suite.cases) })}>`,
      ...suite.cases.flatMap(renderCase),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

function renderCase({ name, group, file, line, seconds = 0, outcome }: ReportedCase): string[] {
  const start = `    <testcase${attributes({ name, classname: group, file, line, time: seconds.toFixed(3) })}`;
  if (outcome.kind === 'passed') return [`${start}/>`];
  const tag = outcome.kind === 'failed' ? 'failure' : outcome.kind;
  const detail = outcome.kind === 'skipped' ? undefined : outcome.detail;
  const end = detail === undefined ? '/>' : `>${escapeXml(detail)}</${tag}>`;
  const type = outcome.kind === 'failed' ? 'AssertionFailed' : outcome.kind === 'error' ? 'NoAnswer' : undefined;
  return [`${start}>`, `      <${tag}${attributes({ message: outcome.message, type })}${end}`, '    </testcase>'];
}

function countsOf(cases: readonly ReportedCase[]): Readonly<Record<string, string | number>> {
  const count = (kind: ReportedCase['outcome']['kind']): number => cases.filter(({ outcome }) => outcome.kind === kind).length;
  const seconds = cases.reduce((sum, each) => sum + (each.seconds ?? 0), 0);
  return { tests: cases.length, failures: count('failed'), errors: count('error'), skipped: count('skipped'), time: seconds.toFixed(3) };
}

function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(String(value)).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`)
    .join('');
}

/** What XML 1.0 has no form for, not even an escaped one (its production Char). */
const notInXml = /[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(notInXml, '\uFFFD')
    .replace(/[&<>"]/g, (sign) => escapes[sign] ?? sign);
}
