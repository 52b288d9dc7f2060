/** `-o yaml` and `-o yamlc`: block style, keys sorted, lists not indented, as PyYAML writes. */
import { stringify } from 'yaml';
import { withSortedKeys } from './sorted-keys.ts';

/** The value as one YAML 1.1 document. */
export function printYaml(value: unknown): string {
  const text = stringify(withSortedKeys(value), {
    version: '1.1',
    singleQuote: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
    nullStr: 'null',
  });
  // PyYAML ends a document that is one plain scalar.
  return typeof value === 'object' || /^['"]/.test(text) ? text : `${text}...\n`;
}
