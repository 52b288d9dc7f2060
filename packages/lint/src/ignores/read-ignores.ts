/**
 * Comments that say what not to report: `# weir-lint-ignore dangling-selector: pods come from another repository`.
 *
 * A comment counts for the field that it stands beside or before, with all that is in it, and before the first field of
 * an object for the whole of that object. Several rules are parted by commas. There has to be a reason.
 */
import type { FilePart } from '../finding.ts';

/** One rule in one comment. */
export interface IgnoreComment {
  readonly rule: string;
  /** Empty when none is given: then it does not count. */
  readonly reason: string;
  readonly place: FilePart;
  /** The lines that it is about, both included. */
  readonly firstLine: number;
  readonly lastLine: number;
}

const comment = /^(?:(.*?)\s)?#\s*weir-lint-ignore\s+([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)\s*(?::\s*(.*?))?\s*$/;

/** Reads the comments of a text. */
export function readIgnores(file: string, text: string): readonly IgnoreComment[] {
  if (!text.includes('weir-lint-ignore')) return [];
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, i) => {
    const [found, before = '', rules = '', reason = ''] = comment.exec(line) ?? [];
    if (found === undefined) return [];
    const column = line.indexOf('#', before.length) + 1;
    const place = { file, line: i + 1, column, endLine: i + 1, endColumn: line.trimEnd().length + 1 };
    const scope = before.trim() === '' ? scopeBelow(lines, i) : scopeOf(lines, i);
    return rules.split(/\s*,\s*/).map((rule) => ({ rule, reason, place, ...scope }));
  });
}

/** A comment of its own line is about what comes next: the whole document, when that begins there. */
function scopeBelow(lines: readonly string[], at: number): Pick<IgnoreComment, 'firstLine' | 'lastLine'> {
  let next = at + 1;
  while (next < lines.length && isEmpty(lines[next] ?? '')) next++;
  if (next < lines.length && (isSeparator(lines[next] ?? '') || startsDocument(lines, next))) {
    const first = isSeparator(lines[next] ?? '') ? next + 1 : next;
    let last = first;
    while (last + 1 < lines.length && !isSeparator(lines[last + 1] ?? '')) last++;
    return { firstLine: first + 1, lastLine: last + 1 };
  }
  return scopeOf(lines, next);
}

/** What begins in a line: that line, and those below that are further in. */
function scopeOf(lines: readonly string[], at: number): Pick<IgnoreComment, 'firstLine' | 'lastLine'> {
  const indent = indentOf(lines[at] ?? '');
  const isItem = /^\s*-\s/.test(lines[at] ?? '');
  let last = at;
  for (let i = at + 1; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (isEmpty(line)) continue;
    if (isSeparator(line)) break;
    // The members of a list may stand as far out as its field.
    const isInside = indentOf(line) > indent || (!isItem && indentOf(line) === indent && /^\s*-(\s|$)/.test(line));
    if (!isInside) break;
    last = i;
  }
  return { firstLine: at + 1, lastLine: last + 1 };
}

function startsDocument(lines: readonly string[], at: number): boolean {
  for (let i = at - 1; i >= 0; i--) {
    const line = lines[i] ?? '';
    if (isSeparator(line)) return true;
    if (!isEmpty(line)) return false;
  }
  return true;
}

function isSeparator(line: string): boolean {
  return /^---(\s|$)/.test(line);
}

/** Nothing but a comment counts as nothing. */
function isEmpty(line: string): boolean {
  return /^\s*(#.*)?$/.test(line);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
