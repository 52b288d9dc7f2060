/** The JSON of `weir test --coverage` and `--mutate`; the field names are a contract with scripts. */
import type { PolicyJson } from '@weir/model';

/** A rule, or the isolation, of a policy. */
export interface CoveredRuleJson {
  readonly policy: PolicyJson;
  readonly direction: 'ingress' | 'egress';
  /** `ingress[0].from[1]`, or `isolation`. */
  readonly rule: string;
  readonly file?: string;
  readonly line?: number;
  /** Names of the assertions that exercise it. */
  readonly tests: readonly string[];
}

/** All rules. */
export interface CoverageJson {
  readonly rules: readonly CoveredRuleJson[];
  readonly exercised: number;
  readonly total: number;
}

/** A policy with one thing changed. */
export interface MutantJson {
  readonly policy: PolicyJson;
  /** Absent where the change is about the whole policy. */
  readonly rule?: string;
  readonly file?: string;
  readonly line?: number;
  /** `without the rule`. */
  readonly change: string;
  /** `equal`: no connection differs. `left out`: there were too many to try all. */
  readonly outcome: 'noticed' | 'survived' | 'equal' | 'left out';
  /** The assertion that notices. */
  readonly noticedBy?: string;
  /** An assertion that would notice, in the words of a file. */
  readonly missing?: string;
}
