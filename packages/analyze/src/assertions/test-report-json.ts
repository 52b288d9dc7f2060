/** The JSON of `weir test -o json`; the field names are a contract with scripts. */
import type { VerdictJson } from '@weir/model';
import type { CoverageJson, MutantJson } from './coverage-json.ts';

/** Connections that are not as wished. */
export interface FailedFlowJson {
  readonly source: string;
  readonly destination: string;
  /** `TCP 80, 443`. */
  readonly traffic: string;
  readonly expected: 'allow' | 'deny' | 'unknown';
  readonly got: 'allow' | 'deny' | 'unknown';
  readonly message: string;
  /** As `weir why -o json` has it; absent for all but the first few. */
  readonly verdict?: VerdictJson;
}

/** One assertion as one engine. */
export interface AssertionJson {
  readonly name: string;
  readonly because?: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly profile: string;
  /** `error`: there is no answer, and `problem` says why. `skipped`: it is about other engines. */
  readonly outcome: 'passed' | 'failed' | 'error' | 'skipped';
  /** How many connections were judged; equal ones are one. */
  readonly asked: number;
  readonly failures: readonly FailedFlowJson[];
  readonly problem?: string;
}

/** The whole answer. */
export interface TestReportJson {
  /** In the order of the files and their assertions, once for each engine. */
  readonly tests: readonly AssertionJson[];
  /** With `--coverage`. */
  readonly coverage?: CoverageJson;
  /** With `--mutate`. */
  readonly mutants?: readonly MutantJson[];
}
