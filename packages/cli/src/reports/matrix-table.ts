/** A matrix as tables for a terminal. */
import {
  admittedText,
  backendsText,
  clientsText,
  entryTargetTextIn,
  entryText,
  exposureSections,
  familyText,
  type MatrixConnection,
  type MatrixReport,
  matrixNotes,
  matrixSections,
  serviceTextIn,
  summaryText,
  tellsFamilies,
} from '@weir/matrix';
import { renderTable } from '../output.ts';

/** The tables of a report, each under its title, then what holds beside. */
export function matrixTable(report: MatrixReport): string {
  const showsFamilies = tellsFamilies([...report.connections, ...report.unknown]);
  const cells = (row: MatrixConnection): string[] => [row.from, row.to, row.traffic, ...(showsFamilies ? [familyText(row.families)] : [])];
  const headers = ['FROM', 'TO', 'TRAFFIC', ...(showsFamilies ? ['FAMILY'] : [])];
  const [serviceOf, targetOf] = [serviceTextIn(report), entryTargetTextIn(report)];
  const tables = [
    ...matrixSections(report).flatMap(({ title, rows }) => section(title, headers, rows.map(cells))),
    ...section(
      'Not known',
      [...headers, 'DEPENDS ON'],
      report.unknown.map((row) => [...cells(row), row.missing]),
    ),
    ...section(
      'Services',
      ['SERVICE', 'BACKENDS', 'REACHED FROM'],
      report.services.map((one) => [serviceOf(one), backendsText(one), clientsText(one)]),
    ),
    ...section(
      'Entry points',
      ['ENTRY POINT', 'TO', 'LET IN', 'DEPENDS ON'],
      report.entryPoints.map((one) => [entryText(one), targetOf(one), admittedText(one), one.facts.join('; ')]),
    ),
  ];
  const exposure = exposureSections(report).flatMap(({ title, rows }) => section(title, headers, rows.map(cells)));
  const notes = [`${summaryText(report)}, as ${report.profile} reads the policies`, ...matrixNotes(report)];
  return [...tables, ...exposure, notes.join('\n')].join('\n\n');
}

function section(title: string, headers: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [`${title}\n${renderTable(headers, rows)}`];
}
