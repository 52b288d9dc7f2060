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

/** A connection that did something else than was computed. */
export interface DisagreementJson {
  readonly source: string;
  readonly destination: string;
  /** `TCP/80`. */
  readonly service: string;
  readonly computed: 'allow' | 'deny' | 'unknown';
  readonly measured: 'allow' | 'deny';
}

/** Connections tried on a kernel, as one engine. */
export interface RealRunJson {
  readonly engine: string;
  /** The cluster of the lab that was there; absent where one was made of the manifests. */
  readonly cluster?: string;
  readonly tried: number;
  /** Connections that cannot be tried: other traffic than TCP, UDP, SCTP and ICMP echoes, ends that a lab does not have, and what the policies mean otherwise there. */
  readonly notTried: number;
  /** Names of assertions of which nothing could be tried. */
  readonly untriedAssertions: readonly string[];
  readonly disagreements: readonly DisagreementJson[];
}

/** The whole answer. */
export interface TestReportJson {
  /** In the order of the files and their assertions, once for each engine. */
  readonly tests: readonly AssertionJson[];
  /** With `--coverage`. */
  readonly coverage?: CoverageJson;
  /** With `--mutate`. */
  readonly mutants?: readonly MutantJson[];
  /** With `--real`. */
  readonly real?: readonly RealRunJson[];
}
