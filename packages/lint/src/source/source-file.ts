/**
 * The text of a manifest with the nodes of its YAML, to find where a field begins and ends.
 *
 * A file is read when a finding is in it; the objects are found again by the places where they begin.
 */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments } from 'yaml';
import type { FilePart } from '../finding.ts';

/** A field or a member of a list in the text. */
export interface SourceField {
  /** Absent for members of a list. */
  readonly key?: Node;
  /** Absent for a field without a value. */
  readonly value?: Node;
  /** What it is in; absent for the object as a whole. */
  readonly parent?: Node;
  /** Its number among the members, or among the fields, of what it is in. */
  readonly index: number;
}

/** One file. */
export class SourceFile {
  readonly name: string;
  readonly text: string;
  readonly #lines = new LineCounter();
  /** What the documents hold. */
  readonly roots: readonly Node[];
  /** What is no YAML. */
  readonly errors: readonly { readonly message: string; readonly line: number; readonly column: number }[];

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    const documents = parseAllDocuments(text, { lineCounter: this.#lines, keepSourceTokens: true, logLevel: 'silent' });
    const all = Array.isArray(documents) ? documents : [];
    this.roots = all.flatMap(({ contents }) => (isNode(contents) ? [contents] : []));
    this.errors = all.flatMap(({ errors }) =>
      errors.map(({ message, pos: [offset] }) => {
        const { line, col } = this.#lines.linePos(offset);
        return { message: message.split('\n')[0] ?? '', line, column: col };
      }),
    );
  }

  /** The object that begins at a place: a document, or an item of a list in one. */
  objectAt(line: number, column: number): Node | undefined {
    const offset = this.offsetOf(line, column);
    let node = this.roots.find((root) => holds(root, offset));
    while (node !== undefined && node.range?.[0] !== offset) node = childrenOf(node).find((child) => holds(child, offset));
    return node;
  }

  /** The offset in the text of a place. */
  offsetOf(line: number, column: number): number {
    return (this.#lines.lineStarts[line - 1] ?? this.text.length) + column - 1;
  }

  /** The piece of the text between two offsets. */
  part(from: number, to: number): FilePart {
    const [start, end] = [this.#lines.linePos(from), this.#lines.linePos(to)];
    return { file: this.name, line: start.line, column: start.col, endLine: end.line, endColumn: end.col };
  }

  /** The piece that a field takes: its key and its value, without what follows. */
  partOf({ key, value }: SourceField): FilePart | undefined {
    const start = (key ?? value)?.range?.[0];
    if (start === undefined) return undefined;
    const end = value?.range?.[1] ?? key?.range?.[1] ?? start;
    return this.part(start, start + this.text.slice(start, end).trimEnd().length);
  }
}

/** The field at a path (`spec.ingress[0].from`) below an object; undefined where it is not there, or behind an alias. */
export function fieldAt(object: Node, path: string): SourceField | undefined {
  let found: SourceField = { value: object, index: 0 };
  for (const step of path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)) {
    const next = memberOf(found.value, step[1] ?? step[2] ?? '');
    if (next === undefined) return undefined;
    found = next;
  }
  return found;
}

function memberOf(parent: Node | undefined, step: string): SourceField | undefined {
  if (isSeq(parent)) {
    const value = /^[0-9]+$/.test(step) ? parent.items[Number(step)] : undefined;
    return isNode(value) && !isAlias(value) ? { value, parent, index: Number(step) } : undefined;
  }
  if (!isMap(parent)) return undefined;
  const index = parent.items.findIndex(({ key }) => isScalar(key) && String(key.value) === step);
  const pair: Pair | undefined = parent.items[index];
  if (pair === undefined || !isNode(pair.key) || isAlias(pair.value)) return undefined;
  return { key: pair.key, ...(isNode(pair.value) ? { value: pair.value } : {}), parent, index };
}

function holds(node: Node, offset: number): boolean {
  const [start, , end] = node.range ?? [0, 0, 0];
  return start <= offset && offset < end;
}

function childrenOf(node: Node): readonly Node[] {
  if (isSeq(node)) return node.items.filter(isNode);
  return isMap(node) ? node.items.flatMap(({ value }) => (isNode(value) ? [value] : [])) : [];
}
