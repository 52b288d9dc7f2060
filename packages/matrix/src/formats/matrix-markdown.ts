/** A matrix as Markdown tables. */
import type { MatrixReport } from '../matrix-report.ts';
import { familyText, tellsFamilies } from './family-text.ts';
import {
  admittedText,
  backendsText,
  clientsText,
  entryTargetTextIn,
  entryText,
  exposureSections,
  type MatrixSection,
  matrixNotes,
  matrixSections,
  serviceTextIn,
  summaryText,
} from './matrix-sections.ts';

/** The document. */
export function matrixMarkdown(report: MatrixReport): string {
  const showsFamilies = tellsFamilies([...report.connections, ...report.unknown]);
  const family = (row: { readonly families: MatrixReport['ends'][number]['families'] }): string[] =>
    showsFamilies ? [familyText(row.families)] : [];
  const more = showsFamilies ? ['Family'] : [];
  const connections = (sections: readonly MatrixSection[]): string[] =>
    sections.flatMap(({ title, rows }) =>
      section(
        title,
        ['From', 'To', 'Traffic', ...more],
        rows.map((row) => [row.from, row.to, row.traffic, ...family(row)]),
      ),
    );
  const unknown = section(
    'Not known',
    ['From', 'To', 'Traffic', ...more, 'What would have to be known'],
    report.unknown.map((row) => [row.from, row.to, row.traffic, ...family(row), row.missing]),
  );
  const [serviceOf, targetOf] = [serviceTextIn(report), entryTargetTextIn(report)];
  const services = section(
    'Services',
    ['Service', 'Backends', 'Reached from'],
    report.services.map((one) => [serviceOf(one), backendsText(one), clientsText(one)]),
  );
  const entries = section(
    'Entry points',
    ['Entry point', 'To', 'Let in', 'Depends on'],
    report.entryPoints.map((one) => [entryText(one), targetOf(one), admittedText(one), one.facts.join('; ')]),
  );
  const notes = matrixNotes(report).map((note) => `- ${escaped(note)}`);
  return `${['## Connections', `${summaryText(report)}, as ${report.profile} reads the policies.`, ...connections(matrixSections(report)), ...unknown, ...services, ...entries, ...connections(exposureSections(report)), notes.join('\n')].join('\n\n')}\n`;
}

function section(title: string, headers: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [`### ${title}\n\n${table(headers, rows)}`];
}

function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(headers), line(headers.map(() => '---')), ...rows.map(line)].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\|<>*_`[\]]/g, (sign) => `\\${sign}`).replaceAll('\n', ' ');
}
