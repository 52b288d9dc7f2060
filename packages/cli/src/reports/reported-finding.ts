/**
 * Findings as reports for other programs take them, whichever command found them: what is wrong, where, after which rule,
 * what else is part of it, how to correct it, and whether somebody has said that it may stay.
 */

/** How much it matters; `info` is worth knowing and nothing to correct at once. */
export type ReportedSeverity = 'error' | 'warning' | 'info';

/** What stands for a file where manifests come in on standard input. */
export const standardInput = 'standard input';

/** A place in a file that was read; lines and columns count from 1, and the end column is the one behind the last character. */
export interface ReportedPlace {
  /** As it was given to the command; absolute, or from the directory in which the command runs. */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
}

/** A rule after which there may be findings. */
export interface ReportedRule {
  readonly id: string;
  /** One line without a full stop. */
  readonly title: string;
  /** What it is about and why it matters; the title where it is absent. */
  readonly description?: string;
  readonly severity: ReportedSeverity;
  /** The page about it, as an absolute address. */
  readonly page?: string;
  /** What that page says, in Markdown. */
  readonly help?: string;
}

/** A text that takes the place of another one; empty to take it out. */
interface ReportedEdit {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly text: string;
}

/** One finding. */
export interface ReportedFinding {
  /** The id of its rule. */
  readonly rule: string;
  readonly severity: ReportedSeverity;
  /** What is wrong, as a sentence. */
  readonly message: string;
  /** What to do about it. */
  readonly action?: string;
  /** The object that it is about, for example `NetworkPolicy shop/web`. */
  readonly object?: string;
  /** The field of the object, for example `spec.ingress[0].from[1]`. */
  readonly field?: string;
  readonly place?: ReportedPlace;
  /** What else has a part in it, and which. */
  readonly related?: readonly { readonly message: string; readonly object?: string; readonly place?: ReportedPlace }[];
  readonly fix?: { readonly description: string; readonly edits: readonly ReportedEdit[] };
  /** It may stay: where somebody said so, and why. */
  readonly ignored?: { readonly by: 'comment' | 'configuration'; readonly reason: string };
}

/** What a command found. */
export interface FindingsReport {
  /** The version of Weir. */
  readonly version: string;
  /** Every rule that was asked, with findings or without. */
  readonly rules: readonly ReportedRule[];
  readonly findings: readonly ReportedFinding[];
}

/** The message, followed by what to do about it. */
export function fullMessage({ message, action }: Pick<ReportedFinding, 'message' | 'action'>): string {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  if (action === undefined) return sentence;
  return `${sentence} ${action.charAt(0).toUpperCase()}${action.slice(1)}${/[.!?]$/.test(action) ? '' : '.'}`;
}
