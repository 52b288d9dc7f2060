/** `-o table`: columns under a line of dashes, in the form of Python's tabulate (`simple`). */
import { refused } from '../az-error.ts';
import { pythonText } from './print-tsv.ts';

const neverShown = new Set(['id', 'type', 'etag']);

/** Rows of a result; `isSorted`: columns by name, for results that no table was made for. */
export function printTable(result: unknown, isSorted: boolean): string {
  const items: readonly unknown[] = Array.isArray(result) ? result : [result];
  const rows = items.map((item) => rowOf(item, isSorted));
  if (rows.length === 0) return '\n';
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  if (columns.length === 0) throw tableUnavailable();
  const cells = rows.map((row) => columns.map((column) => cellLines(row.get(column))));
  const widths = columns.map((column, at) => {
    return Math.max(column.length + 2, ...cells.flatMap((row) => (row[at] ?? []).map((line) => line.length)));
  });
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(columns), rule, ...cells.flatMap((row) => linesOf(row).map(line)), ''].join('\n');
}

/** A result that has no columns. */
function tableUnavailable(): Error {
  return refused('Table output unavailable. Use the --query option to specify an appropriate query. Use --debug for more info.');
}

/** What one item shows: its scalars, under names that begin with a capital. */
function rowOf(item: unknown, isSorted: boolean): ReadonlyMap<string, unknown> {
  if (Array.isArray(item)) return new Map(item.map((value, at) => [`Column${at + 1}`, value as unknown]));
  if (typeof item !== 'object' || item === null) return new Map([['Result', item]]);
  const entries = Object.entries(item).filter(
    ([key, value]) => !neverShown.has(key) && value !== undefined && value !== null && typeof value !== 'object',
  );
  const ordered = isSorted ? entries.sort(([a], [b]) => (a < b ? -1 : 1)) : entries;
  return new Map(ordered.map(([key, value]) => [`${key.slice(0, 1).toUpperCase()}${key.slice(1)}`, value as unknown]));
}

function cellLines(value: unknown): readonly string[] {
  return value === undefined || value === null ? [''] : pythonText(value).split('\n');
}

/** A row as lines: a cell may have several. */
function linesOf(cells: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => cells.map((lines) => lines[at] ?? ''));
}
