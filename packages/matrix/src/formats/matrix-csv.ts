/**
 * A matrix as comma-separated values (RFC 4180): one line a connection, allowed ones first; then each service by who
 * reaches it, each entry point by whom it lets in, and what pods that are not among the objects could reach.
 */
import type { EntryPoint, MatrixConnection, MatrixReport, ServiceReach } from '../matrix-report.ts';
import { familyText } from './family-text.ts';
import { entryTargetText, entryText, serviceText } from './matrix-sections.ts';

/** The columns; `missing` holds what would have to be known, `kind` what the line is about. */
const columns = ['from', 'to', 'traffic', 'family', 'verdict', 'missing', 'kind'] as const;

type Line = Readonly<Record<(typeof columns)[number], string>>;

/** The lines, each ended. */
export function matrixCsv({ connections, unknown, services, entryPoints, exposure }: MatrixReport): string {
  const of = (row: MatrixConnection, verdict: string, missing: string, kind: string): Line => {
    const { from, to, traffic, families } = row;
    return { from, to, traffic, family: familyText(families), verdict, missing, kind };
  };
  const lines = [
    ...connections.map((row) => of(row, 'allow', '', 'connection')),
    ...unknown.map((row) => of(row, 'unknown', row.missing, 'connection')),
    ...services.flatMap(linesOfService),
    ...entryPoints.flatMap(linesOfEntry),
    ...(exposure?.connections ?? []).map((row) => of(row, 'allow', '', 'exposure')),
  ];
  return [columns, ...lines.map((line) => columns.map((column) => line[column]))]
    .map((cells) => `${cells.map(cellText).join(',')}\r\n`)
    .join('');
}

function linesOfService(service: ServiceReach): Line[] {
  const { reachedFrom, partlyFrom, perhapsFrom, families, port, protocol } = service;
  const of = (ends: readonly string[], verdict: string): Line[] =>
    ends.map((from) => ({
      from,
      to: serviceText(service),
      traffic: `${protocol} ${port}`,
      family: familyText(families),
      verdict,
      missing: '',
      kind: 'service',
    }));
  const lines = [...of(reachedFrom, 'allow'), ...of(partlyFrom, 'partly'), ...of(perhapsFrom, 'unknown')];
  return lines.length === 0 ? of([''], 'deny') : lines;
}

function linesOfEntry(entry: EntryPoint): Line[] {
  const { admitted, facts, port, protocol, families } = entry;
  const traffic = port === undefined ? protocol : `${protocol} ${port}`;
  const own = { to: entryTargetText(entry), traffic, family: familyText(families), missing: facts.join('; ') };
  const through = entryText(entry);
  if (admitted.length === 0) return [{ ...own, from: through, verdict: 'deny', kind: 'entry point' }];
  return admitted.map((end) => ({ ...own, from: `${end} through ${through}`, verdict: 'allow', kind: 'entry point' }));
}

/** What begins like a formula is told as text to spreadsheets, by an apostrophe before it. */
function cellText(text: string): string {
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
