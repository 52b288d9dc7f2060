/**
 * Findings as workflow commands of GitHub Actions, which shows them as annotations at the lines of a change.
 *
 * GitHub keeps only the first ten of each level from a step and drops the others without a word. So the first of each level
 * are annotations, and the others are plain lines of the log, counted by one more line that says so.
 */
import { fullMessage, type ReportedFinding, type ReportedSeverity, standardInput } from './reported-finding.ts';

/** How many annotations of one level GitHub keeps from a step. */
const annotationsMax = 10;

const commands = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** The lines for the log, the worst findings first; those that may stay are left out. */
export function githubAnnotations(findings: readonly ReportedFinding[]): string[] {
  const open = findings.filter(({ ignored }) => ignored === undefined);
  return (['error', 'warning', 'info'] as const).flatMap((severity) =>
    linesOf(
      severity,
      open.filter((finding) => finding.severity === severity),
    ),
  );
}

function linesOf(severity: ReportedSeverity, findings: readonly ReportedFinding[]): string[] {
  const shown = findings.slice(0, annotationsMax);
  const others = findings.slice(annotationsMax);
  const rest =
    others.length === 0
      ? []
      : [
          `${others.length} more of level ${commands[severity]}, without annotations (GitHub keeps ${annotationsMax}):`,
          ...others.map(plainLine),
        ];
  return [...shown.map(annotationOf), ...rest];
}

function annotationOf(finding: ReportedFinding): string {
  const { rule, severity, object, place } = finding;
  const { file, line, column, endLine, endColumn } = place === undefined || place.file === standardInput ? {} : place;
  const isOneLine = endLine === undefined || endLine === line;
  const properties = {
    file: file?.replaceAll('\\', '/'),
    line,
    endLine,
    // Columns of different lines are no range to GitHub.
    col: isOneLine ? column : undefined,
    endColumn: isOneLine ? endColumn : undefined,
    title: object === undefined ? rule : `${rule}: ${object}`,
  };
  const given = Object.entries(properties).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',');
  return `::${commands[severity]} ${text}::${escapeMessage(fullMessage(finding))}`;
}

function plainLine(finding: ReportedFinding): string {
  const { rule, object, place } = finding;
  const where = place === undefined ? '' : `${place.file}${place.line === undefined ? '' : `:${place.line}`}: `;
  // A line that begins like a command would be one.
  return `  ${where}${object === undefined ? '' : `${object}: `}${fullMessage(finding).replaceAll(/[\r\n]+/g, ' ')} [${rule}]`;
}

function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
