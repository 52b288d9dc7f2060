/** `-o tsv`: a line for each member of the result, its values with tabs between. */
import type { Picked } from './query.ts';

/** Values in the order of their keys; those of an object that a query has made, in the query's order. */
export function printTsv({ value, isOrdered }: Picked): string {
  const rows: readonly unknown[] = Array.isArray(value) ? value : [value];
  return rows.map((row) => `${rowOf(row, isOrdered)}\n`).join('');
}

function rowOf(row: unknown, isOrdered: Picked['isOrdered']): string {
  if (Array.isArray(row)) return row.map(cellOf).join('\t');
  if (typeof row === 'object' && row !== null) {
    const entries = Object.entries(row);
    const ordered = isOrdered(row) ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return ordered.map(([, value]) => cellOf(value)).join('\t');
  }
  return typeof row === 'boolean' ? String(row) : cellOf(row);
}

/** A list is told by its length, an object by nothing. */
function cellOf(value: unknown): string {
  if (Array.isArray(value)) return String(value.length);
  if (typeof value === 'object' && value !== null) return '';
  return pythonText(value);
}

/** A value as Python's `str` writes it, which is what az prints. */
export function pythonText(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
