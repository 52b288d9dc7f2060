/** Keys that stand twice in one mapping of a YAML text: the last one counts, and whoever wants strictness is told. */
import { parseDocument } from 'yaml';

/** A quoted key, or a plain one up to its colon. */
const keyPattern = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^:\n]*))/;

/** What Go's decoder says of them, all in one sentence; undefined when there are none. */
export function repeatedYamlKeys(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes);
  const repeated = parseDocument(text, { uniqueKeys: true, logLevel: 'silent' }).errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  if (repeated.length === 0) return undefined;
  const lines = repeated.map(({ pos, linePos }) => {
    const [, double, single, plain] = keyPattern.exec(text.slice(pos[0])) ?? [];
    return `  line ${linePos?.[0].line ?? 1}: key ${JSON.stringify((double ?? single ?? plain ?? '').trim())} already set in map`;
  });
  return `yaml: unmarshal errors:\n${lines.join('\n')}`;
}
