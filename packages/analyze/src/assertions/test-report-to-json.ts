/** Results of assertions as plain JSON values. */
import { formatDiagnostic } from '@weir/kube';
import { verdictToJson } from '@weir/model';
import type { AssertionResult } from './run-assertions.ts';
import type { AssertionJson, TestReportJson } from './test-report-json.ts';

/** All results. */
export function testReportToJson(results: readonly AssertionResult[]): TestReportJson {
  return { tests: results.map(assertionToJson) };
}

function assertionToJson({ assertion, engine, outcome, asked, failures, problem }: AssertionResult): AssertionJson {
  const { name, because, position } = assertion;
  return {
    name,
    ...(because === undefined ? {} : { because }),
    file: position.file,
    line: position.line,
    profile: engine,
    outcome,
    asked,
    failures: failures.map(({ verdict, ...failure }) => ({
      ...failure,
      ...(verdict === undefined ? {} : { verdict: verdictToJson(verdict) }),
    })),
    ...(problem === undefined ? {} : { problem: formatDiagnostic(problem) }),
  };
}
