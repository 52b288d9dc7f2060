/** What is odd or dangerous about policies. */
import { type LintReportJson, lint as lintObjects, lintToJson } from '@weir/lint';
import type { EngineName } from '@weir/model';
import type { Manifests } from './manifests.ts';
import { type ReadingOptions, readingOf } from './snapshot.ts';

/** As which engine, and what is asked. */
export interface LintOptions extends ReadingOptions {
  /** Engines that all of it should work with too. */
  readonly engines?: readonly EngineName[];
  /** Whether the objects are all that the cluster has. Default: no. */
  readonly isComplete?: boolean;
  /** Only these rules. Default: all. */
  readonly onlyRules?: readonly string[];
  /** Without these rules. */
  readonly withoutRules?: readonly string[];
}

/** Checks manifests: findings in the order of the files, with those that a comment ignores marked. */
export function lint({ objects, diagnostics, texts }: Manifests, options: LintOptions = {}): LintReportJson {
  const { isComplete, engines, onlyRules, withoutRules } = options;
  const input = { objects, diagnostics, texts, ...(isComplete === undefined ? {} : { isComplete }) };
  return lintToJson(
    lintObjects(input, {
      ...readingOf(options),
      ...(engines === undefined ? {} : { engines }),
      ...(onlyRules === undefined ? {} : { onlyRules }),
      ...(withoutRules === undefined ? {} : { withoutRules }),
    }),
  );
}
