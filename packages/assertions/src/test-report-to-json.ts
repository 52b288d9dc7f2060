/** Results of assertions as plain JSON values. */
import { formatDiagnostic } from '@weir/kube';
import { verdictToJson } from '@weir/model';
import { coverageToJson, mutantToJson } from './coverage-to-json.ts';
import type { CoveredRule } from './exercise.ts';
import type { MutantResult } from './mutate-policies.ts';
import type { AssertionResult } from './run-assertions.ts';
import type { AssertionJson, RealRunJson, TestReportJson } from './test-report-json.ts';

/** What was found. */
export interface TestFindings {
  readonly results: readonly AssertionResult[];
  /** Absent: nobody asked. */
  readonly coverage?: readonly CoveredRule[];
  readonly mutants?: readonly MutantResult[];
  readonly real?: readonly RealRunJson[];
}

/** All of it. */
export function testReportToJson({ results, coverage, mutants, real }: TestFindings): TestReportJson {
  return {
    tests: results.map(assertionToJson),
    ...(coverage === undefined ? {} : { coverage: coverageToJson(coverage) }),
    ...(mutants === undefined ? {} : { mutants: mutants.map(mutantToJson) }),
    ...(real === undefined ? {} : { real }),
  };
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
