/** A matrix as comma-separated values (RFC 4180): one line a connection, allowed ones first. */
import type { MatrixConnection, MatrixReport } from '../matrix-report.ts';
import { familyText } from './family-text.ts';

/** The columns; `missing` holds what would have to be known, for what is not known. */
const columns = ['from', 'to', 'traffic', 'family', 'verdict', 'missing'] as const;

/** The lines, each ended. */
export function matrixCsv({ connections, unknown }: MatrixReport): string {
  const line = (cells: readonly string[]): string => `${cells.map(cellText).join(',')}\r\n`;
  const cells = (row: MatrixConnection, verdict: string, missing: string): string[] => [
    row.from,
    row.to,
    row.traffic,
    familyText(row.families),
    verdict,
    missing,
  ];
  return [
    line(columns),
    ...connections.map((row) => line(cells(row, 'allow', ''))),
    ...unknown.map((row) => line(cells(row, 'unknown', row.missing))),
  ].join('');
}

function cellText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
