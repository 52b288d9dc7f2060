/** The file of settings: one mapping of names to values, in YAML or JSON, each with its line. */
import { readFileSync, statSync } from 'node:fs';
import type { Node } from 'yaml';

/** A value of the file as it is written there. */
interface FileValue {
  /** Items of a list are separated by commas. */
  readonly text: string;
  readonly isList: boolean;
  /** `FILE:LINE`. */
  readonly place: string;
}

/** What a file says; a problem begins with its place. */
export interface SettingsFile {
  readonly values: ReadonlyMap<string, FileValue>;
  readonly problems: readonly string[];
}

/** No configuration is longer, in bytes. */
const fileLimit = 64 * 1024;

/** Reads the file; never throws. */
export async function readSettingsFile(file: string): Promise<SettingsFile> {
  const read = readText(file);
  if ('problem' in read) return { values: new Map(), problems: [`${file}: ${read.problem}`] };
  const { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(read.text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  const placeOf = (node: unknown): string => placeAt((node as Node | null)?.range?.[0] ?? 0);
  const problems = document.errors.map((error) => `${placeAt(error.pos[0])}: ${error.message}`);
  const values = new Map<string, FileValue>();
  const { contents } = document;
  if (problems.length > 0 || contents === null) return { values, problems };
  if (!isMap(contents)) return { values, problems: [`${placeOf(contents)}: it holds names and their values, like 'node: node1'`] };
  const scalarText = (node: unknown): string | undefined => {
    if (!isScalar(node) || node.value === null) return undefined;
    // As it is written, not as YAML reads it: a node may be called 0123.
    return typeof node.value === 'string' ? node.value : node.source;
  };
  for (const { key, value } of contents.items) {
    const name = scalarText(key);
    const place = placeOf(key);
    const items = isSeq(value) ? value.items.map(scalarText) : [scalarText(value)];
    if (name === undefined) problems.push(`${place}: this is no name of a setting`);
    else if (items.includes(undefined)) {
      const hint = isAlias(value) ? 'aliases are not read; write the value out' : 'give a value, or a list of values';
      problems.push(`${place}: ${name}: ${hint}`);
    } else values.set(name, { text: items.join(','), isList: isSeq(value), place });
  }
  return { values, problems };
}

function readText(file: string): { readonly text: string } | { readonly problem: string } {
  try {
    const { size } = statSync(file);
    if (size > fileLimit) return { problem: `it has ${size} bytes, more than the ${fileLimit} that are read` };
    return { text: readFileSync(file, 'utf8') };
  } catch (error) {
    return { problem: `it cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
