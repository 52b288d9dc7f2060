/** The linter's configuration: which rules count how much, and what is ignored for which reason. */
import type { FilePart, Severity } from '../finding.ts';

/** Something that is not reported. */
export interface IgnoreEntry {
  /** A rule, or `*` for all. */
  readonly rule: string;
  /** `Kind namespace/name`, with `*` for any characters; absent: of any object. */
  readonly object?: string;
  /** The file, with `*` for any characters but `/` and `**` for any at all; absent: of any file. */
  readonly file?: string;
  readonly reason: string;
  readonly place?: FilePart;
}

/** The configuration; what is absent is left as it is. */
export interface LintConfiguration {
  /** From which severity on a finding fails the command. */
  readonly failOn?: Severity | 'never';
  /** Other severities of rules; `off` rules are not asked. */
  readonly rules?: ReadonlyMap<string, Severity | 'off'>;
  readonly ignore?: readonly IgnoreEntry[];
  /** Where the pages of rules are published, as an absolute address without a slash at its end: `<pages>/<rule>.md`. */
  readonly pages?: string;
}

/** The address of the pages as it is taken; undefined for what is no absolute address of http or https. */
export function pagesAddress(text: string): string | undefined {
  return /^https?:\/\/[^\s/?#]+[^\s?#]*$/.test(text) ? text.replace(/\/+$/, '') : undefined;
}
