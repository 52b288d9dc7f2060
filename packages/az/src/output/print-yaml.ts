/** `-o yaml` and `-o yamlc`: block style, keys sorted, lists not indented, as PyYAML writes. */
import { withSortedKeys } from './sorted-keys.ts';
import { yamlScalar } from './yaml-scalar.ts';

/** The value as one YAML 1.1 document. */
export function printYaml(value: unknown): string {
  if (isBlock(value)) return `${lines(withSortedKeys(value), 0, 0).join('\n')}\n`;
  const text = inline(value, 2, 0);
  // PyYAML ends a document that is one plain scalar.
  return /^['"[{]/.test(text) ? `${text}\n` : `${text}\n...\n`;
}

/** A value from `column` on, its further lines whole; `indent` is that of its mapping or list. */
function lines(value: unknown, indent: number, column: number): readonly string[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((each) => listItem(each, indent));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value);
    if (entries.length > 0) return entries.flatMap(([key, inner]) => mapEntry(key, inner, indent));
  }
  return [inline(value, indent, column)];
}

function listItem(item: unknown, indent: number): readonly string[] {
  const [first = '', ...rest] = lines(item, indent + 2, indent + 2);
  return [`${' '.repeat(indent)}- ${isBlock(item) ? first.slice(indent + 2) : first}`, ...rest];
}

function mapEntry(key: string, value: unknown, indent: number): readonly string[] {
  const name = `${' '.repeat(indent)}${yamlScalar(key, { column: indent, indent, isKey: true })}:`;
  if (!isBlock(value)) return [`${name} ${inline(value, indent + 2, name.length + 1)}`];
  return [name, ...lines(value, Array.isArray(value) ? indent : indent + 2, 0)];
}

/** Whether a value has lines of its own. */
function isBlock(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function inline(value: unknown, indent: number, column: number): string {
  if (typeof value === 'string') return yamlScalar(value, { column, indent, isKey: false });
  return JSON.stringify(value ?? null);
}
