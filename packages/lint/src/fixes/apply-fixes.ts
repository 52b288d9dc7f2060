/** Puts fixes into texts. */
import { addToGroup } from '@weir/net';
import type { Finding, Fix, TextEdit } from '../finding.ts';

/** Which fixes to make: those that change no connection, or all that there are. */
export type FixChoice = 'safe' | 'all';

/** Texts with fixes in them. */
export interface FixedTexts {
  /** The texts that are different now, by name. */
  readonly texts: ReadonlyMap<string, string>;
  /** The findings whose fixes are in them. */
  readonly fixed: readonly Finding[];
}

/**
 * Makes the fixes of findings that are not ignored. Of fixes that touch the same place only the first is made: look
 * again afterwards, as the other one may be needed no longer.
 */
export function applyFixes(texts: ReadonlyMap<string, string>, findings: readonly Finding[], choice: FixChoice = 'safe'): FixedTexts {
  const byFile = new Map<string, TextEdit[]>();
  const fixed: Finding[] = [];
  for (const finding of findings) {
    const { fix, ignored } = finding;
    if (fix === undefined || ignored !== undefined || (!fix.isSafe && choice === 'safe')) continue;
    if (!fix.edits.every(({ file }) => texts.has(file)) || touchesAny(fix, byFile)) continue;
    for (const edit of fix.edits) {
      addToGroup(byFile, edit.file, edit);
    }
    fixed.push(finding);
  }
  const changed = [...byFile].map(([file, edits]): [string, string] => [file, applyEdits(texts.get(file) ?? '', edits)]);
  return { texts: new Map(changed), fixed };
}

/** The text with disjoint edits made. */
function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const offset = (line: number, column: number): number => (starts[line - 1] ?? text.length) + column - 1;
  const placed = edits.map((edit) => ({
    from: offset(edit.line, edit.column),
    to: offset(edit.endLine, edit.endColumn),
    text: edit.text,
  }));
  return placed
    .sort((a, b) => b.from - a.from)
    .reduce((result, { from, to, text: put }) => result.slice(0, from) + put + result.slice(to), text);
}

/** Whether a fix touches the lines of another one; edits of neighbouring lines may depend on each other too. */
function touchesAny({ edits }: Fix, others: ReadonlyMap<string, readonly TextEdit[]>): boolean {
  return edits.some((edit) => (others.get(edit.file) ?? []).some((other) => edit.line <= other.endLine && other.line <= edit.endLine));
}
