/**
 * Changes of fields as edits of the text around them: everything else in the file stays byte for byte as it is.
 *
 * Whatever cannot be edited for certain (behind an alias, between comments of a flow collection, the only member of a
 * list, which would mean something else when it is empty) is no fix.
 */
import { isCollection, isMap, isPair, isScalar, isSeq, type Node } from 'yaml';
import type { TextEdit } from '../finding.ts';
import type { FieldChange } from '../lint-rule.ts';
import { fieldAt, type SourceField, type SourceFile } from '../source/source-file.ts';

/** The edits that make all of the changes in an object; undefined when one of them cannot be made. */
export function editsOf(source: SourceFile, object: Node, changes: readonly FieldChange[]): readonly TextEdit[] | undefined {
  const edits = changes.map((change) => editOf(source, object, change));
  return edits.some((edit) => edit === undefined) ? undefined : edits.flatMap((edit) => edit ?? []);
}

function editOf(source: SourceFile, object: Node, change: FieldChange): TextEdit | undefined {
  if (change.kind === 'append') {
    const list = fieldAt(object, change.list)?.value;
    return list === undefined ? undefined : appended(source, list, change.value);
  }
  const field = fieldAt(object, change.field);
  if (field === undefined) return undefined;
  return change.kind === 'replace' ? replaced(source, field, change.value) : removed(source, field);
}

/** An edit between two offsets. */
function editBetween(source: SourceFile, [from, to]: readonly [number, number], text: string): TextEdit {
  return { ...source.part(from, to), text };
}

function replaced(source: SourceFile, { value: node }: SourceField, value: string | number | object): TextEdit | undefined {
  const start = node?.range?.[0];
  if (node === undefined || start === undefined) return undefined;
  const end = contentEnd(node);
  const old = source.text.slice(start, end);
  if (old.includes('#') || typeof value === 'object') return old.includes('#') ? undefined : editBetween(source, [start, end], '{}');
  const quote = old.startsWith("'") ? "'" : old.startsWith('"') ? '"' : '';
  return editBetween(source, [start, end], quote === '' ? scalarText(value) : `${quote}${value}${quote}`);
}

function removed(source: SourceFile, field: SourceField): TextEdit | undefined {
  const { parent, index, key, value } = field;
  const own = key ?? value;
  if (!isCollection(parent) || own === undefined || parent.items.length < 2) return undefined;
  const [start, end] = [startOf(own), value === undefined ? contentEnd(own) : contentEnd(value)];
  const next = memberStart(parent.items[index + 1]);
  const withoutComment = (from: number, to: number): TextEdit | undefined =>
    source.text.slice(from, to).includes('#') ? undefined : editBetween(source, [from, to], '');
  if (parent.flow === true) {
    return next === undefined ? withoutComment(memberEnd(parent.items[index - 1]), end) : withoutComment(start, next);
  }
  const first = lineStart(source, start);
  const before = source.text.slice(first, start);
  if (isSeq(parent) ? /^ *- +$/.test(before) : /^ *$/.test(before)) return editBetween(source, [first, lineEnd(source, end)], '');
  return isMap(parent) && next !== undefined ? withoutComment(start, next) : undefined;
}

function appended(source: SourceFile, list: Node, value: string | Readonly<Record<string, string | number>>): TextEdit | undefined {
  if (!isSeq(list)) return undefined;
  const last = list.items.at(-1);
  if (!isNodeWithRange(last)) return undefined;
  const end = contentEnd(last);
  const isJson = source.text.slice(startOf(last), end).startsWith('{"');
  if (list.flow === true) return editBetween(source, [end, end], `, ${flowText(value, isJson)}`);
  const start = startOf(last);
  const before = source.text.slice(lineStart(source, start), start);
  const indent = /^ *(?=- +$)/.exec(before)?.[0];
  if (indent === undefined) return undefined;
  const newline = source.text.includes('\r\n') ? '\r\n' : '\n';
  const isFlow = isCollection(last) && last.flow === true;
  const text =
    typeof value === 'string' || isFlow
      ? flowText(value, isJson)
      : Object.entries(value)
          .map(([key, member]) => `${key}: ${scalarText(member)}`)
          .join(`${newline}${indent}  `);
  const at = lineEnd(source, end, 'before the line break');
  return editBetween(source, [at, at], `${newline}${indent}- ${text}`);
}

function flowText(value: string | Readonly<Record<string, string | number>>, isJson: boolean): string {
  if (typeof value === 'string') return isJson ? JSON.stringify(value) : scalarText(value);
  if (isJson) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${key}: ${scalarText(member)}`);
  return `{ ${members.join(', ')} }`;
}

/** A scalar as it can stand anywhere; what YAML could read as something else is quoted. */
function scalarText(value: string | number): string {
  const isPlain = typeof value === 'number' || (/^[A-Za-z][\w./-]*$/.test(value) && !/^(y|yes|n|no|on|off|true|false|null)$/i.test(value));
  const isBlock = typeof value === 'string' && /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(value);
  return isPlain || isBlock ? String(value) : JSON.stringify(value);
}

function isNodeWithRange(value: unknown): value is Node {
  return isScalar(value) || isCollection(value);
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function memberStart(member: unknown): number | undefined {
  const node = isPair(member) ? member.key : member;
  return isNodeWithRange(node) ? startOf(node) : undefined;
}

function memberEnd(member: unknown): number {
  const node = isPair(member) ? (member.value ?? member.key) : member;
  return isNodeWithRange(node) ? contentEnd(node) : 0;
}

/** Where what is written ends, without comments and empty lines behind it, which a block collection counts as its own. */
function contentEnd(node: Node): number {
  const end = node.range?.[1] ?? 0;
  if (!isCollection(node) || node.flow === true) return end;
  const last: unknown = node.items.at(-1);
  return last === undefined ? end : memberEnd(last);
}

function lineStart({ text }: SourceFile, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The end of the line that an offset is in: behind its line break, or before it. */
function lineEnd(
  { text }: SourceFile,
  offset: number,
  which: 'behind the line break' | 'before the line break' = 'behind the line break',
): number {
  // A block scalar ends behind its own line break.
  const from = text[offset - 1] === '\n' ? offset - 1 : offset;
  const found = text.indexOf('\n', from);
  if (found < 0) return text.length;
  if (which === 'behind the line break') return found + 1;
  return text[found - 1] === '\r' ? found - 1 : found;
}
