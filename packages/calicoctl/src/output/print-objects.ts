/** Objects as YAML and JSON: one alone, several as a list of values. */
import { stringify } from 'yaml';

/** YAML with the fields of maps by name, as Go prints them. */
export function yamlText(values: readonly unknown[]): string {
  return stringify(sorted(single(values)), { lineWidth: 0, indentSeq: false });
}

/** JSON, two blanks deep. */
export function jsonText(values: readonly unknown[]): string {
  return `${JSON.stringify(single(values), undefined, 2)}\n`;
}

function single(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : values;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]));
}
