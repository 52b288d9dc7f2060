/**
 * Reports as TAP 14, which readers of TAP 13 read as well: one line a case, and what is wrong as YAML below it.
 *
 * A suite is a comment before its cases: subtests are what readers of TAP 13 do not have.
 */
import { stringify } from 'yaml';
import type { ReportedCase, ReportedSuite } from './report.ts';

/** The document. */
export function renderTap(suites: readonly ReportedSuite[]): string {
  const count = suites.reduce((sum, { cases }) => sum + cases.length, 0);
  let number = 0;
  const lines = suites.flatMap(({ name, cases }) => [
    `# ${plain(name)}`,
    ...cases.flatMap((each) => {
      number += 1;
      return renderCase(each, number);
    }),
  ]);
  return ['TAP version 14', `1..${count}${count === 0 ? ' # SKIP there are no tests' : ''}`, ...lines, ''].join('\n');
}

function renderCase({ name, file, line, seconds, outcome }: ReportedCase, number: number): string[] {
  const isWrong = outcome.kind === 'failed' || outcome.kind === 'error';
  const start = `${isWrong ? 'not ok' : 'ok'} ${number} - ${escaped(name)}`;
  if (outcome.kind === 'skipped') return [`${start} # SKIP ${plain(outcome.message)}`];
  if (!isWrong) return [start];
  const more = {
    message: outcome.message,
    severity: outcome.kind === 'failed' ? 'fail' : 'error',
    ...(file === undefined ? {} : { at: { file, ...(line === undefined ? {} : { line }) } }),
    ...(seconds === undefined ? {} : { duration_ms: Math.round(seconds * 1_000) }),
    ...(outcome.detail === undefined ? {} : { detail: outcome.detail }),
  };
  const yaml = stringify(more, { lineWidth: 0 }).trimEnd().split('\n');
  return [start, '  ---', ...yaml.map((text) => (text === '' ? '' : `  ${text}`)), '  ...'];
}

/** A description: `#` would begin a directive, and a backslash escapes. */
function escaped(text: string): string {
  return plain(text).replace(/[\\#]/g, (sign) => `\\${sign}`);
}

/** One line, without signs that steer a terminal. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\p{Cc}/gu, '\uFFFD');
}
