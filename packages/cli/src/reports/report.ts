/** What test runners and pipelines are told of: suites of cases, each with what came of it. */

/** What came of a case. `failed`: the answer is another than the wished one; `error`: there is no answer. */
type ReportedOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed' | 'error'; readonly message: string /** More lines, in any form. */; readonly detail?: string }
  | { readonly kind: 'skipped'; readonly message: string };

/** One case. */
export interface ReportedCase {
  readonly name: string;
  /** What it belongs to within its suite, by dots or slashes as its kind has it: pipelines group by it. */
  readonly group: string;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  readonly seconds?: number;
  readonly outcome: ReportedOutcome;
}

/** Cases that belong together, such as those of one file. */
export interface ReportedSuite {
  readonly name: string;
  readonly cases: readonly ReportedCase[];
}
