/** What the linter says: findings with their places, the fixes of them, and why one is ignored. */

/** How bad a finding is: `error` means that what is written cannot be meant, `info` that it may well be. */
export type Severity = 'error' | 'warning' | 'info';

/** From the worst to the least. */
export const severities: readonly Severity[] = ['error', 'warning', 'info'];

/** A piece of a file; lines and columns count from 1, the end is the place after the last character. */
export interface FilePart {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A piece of a file, and the text to put there. */
export interface TextEdit extends FilePart {
  readonly text: string;
}

/** What to change in the files so that the finding is gone. */
export interface Fix {
  /** What it does, as a sentence in the imperative. */
  readonly description: string;
  /** Whether every connection is decided as before; only such fixes are made without being asked for one by one. */
  readonly isSafe: boolean;
  /** Disjoint pieces. */
  readonly edits: readonly TextEdit[];
}

/** Something else that the finding is about: the rule before, the other policy. */
export interface RelatedPlace {
  /** What it is to the finding. */
  readonly message: string;
  /** `NetworkPolicy demo/web`. */
  readonly object: string;
  readonly field?: string;
  readonly place?: FilePart;
}

/** Why a finding does not count. */
export interface IgnoredBy {
  /** What the author gave as the reason. */
  readonly reason: string;
  /** Where it stands: a comment beside the object, or an entry of the configuration. */
  readonly by: 'comment' | 'configuration';
  readonly place?: { readonly file: string; readonly line: number };
}

/** One finding. */
export interface Finding {
  /** The id of the rule; `docs/lint/<id>.md` explains it. */
  readonly rule: string;
  readonly severity: Severity;
  /** What is wrong, as a sentence without the place. */
  readonly message: string;
  /** What to do about it. */
  readonly action: string;
  /** The object that it is about: `NetworkPolicy demo/web`. Absent for what is about a file. */
  readonly object?: string;
  /** The field, in the notation of the API server: `spec.ingress[0].from[0]`. */
  readonly field?: string;
  readonly place?: FilePart;
  readonly related?: readonly RelatedPlace[];
  readonly fix?: Fix;
  /** Present when the finding does not count. */
  readonly ignored?: IgnoredBy;
}

/** Whether a severity is at least as bad as another one. */
export function isAtLeast(severity: Severity, limit: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(limit);
}

/** By file, line and column, then by rule; what has no place comes last. */
export function compareFindings(a: Finding, b: Finding): number {
  if (a.place === undefined || b.place === undefined) {
    if (a.place !== b.place) return a.place === undefined ? 1 : -1;
  } else {
    const { file, line, column } = b.place;
    const placed = compare(a.place.file, file) || a.place.line - line || a.place.column - column;
    if (placed !== 0) return placed;
  }
  return (
    compare(a.object ?? '', b.object ?? '') ||
    compare(a.field ?? '', b.field ?? '') ||
    compare(a.rule, b.rule) ||
    compare(a.message, b.message)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
