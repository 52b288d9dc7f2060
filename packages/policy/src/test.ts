/** Assertions about connections. */
import { type AssertionResult, readAssertions, runAssertions, type TestReportJson, testReportToJson } from '@weir/assertions';
import type { Diagnostic, ManifestText } from '@weir/kube';
import type { Snapshot } from '@weir/snapshot';

/** What came of the assertions of a text; `diagnostics` says what is wrong with it, and then nothing was run. */
export interface TestRun {
  readonly report: TestReportJson;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Runs the assertions of a text (docs/test.md) over a snapshot, as the engine of the snapshot. The manifests
 * and the profiles that the text names are not read: the snapshot is what it is about.
 */
export function runTests(snapshot: Snapshot, { file, text }: ManifestText): TestRun {
  const { files, diagnostics } = readAssertions(text, file);
  const results = diagnostics.length > 0 ? [] : files.flatMap((tests): readonly AssertionResult[] => runAssertions(snapshot, tests));
  return { report: testReportToJson({ results }), diagnostics };
}
