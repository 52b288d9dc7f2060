/** What the enforcer has done, and who follows it. */
import type { ApplyReport, DeniedCounter, RuleCounter } from '@weir/dataplane';

/** What the enforcer has done; read by health. */
export interface EnforcementState {
  /** Whether a whole state has been in the kernel since this process started. */
  readonly inForce: boolean;
  readonly transactions: number;
  readonly failuresInARow: number;
  readonly lastError?: string;
  readonly lastReport?: ApplyReport;
  readonly totals: EnforcementTotals;
}

/** Counts since the process started. */
export interface EnforcementTotals {
  readonly failures: number;
  /** Transactions that tried again what had failed. */
  readonly retries: number;
  readonly elementsAdded: number;
  readonly elementsRemoved: number;
  readonly comparisons: number;
  /** Comparisons that found the kernel drifted, and those after which it was as it should be. */
  readonly drifts: number;
  readonly repairs: number;
}

/** Who follows changes on their way into the kernel; what fails is told as under way again. */
export interface EnforcementProgress {
  underWay(): void;
  /** The changes have been turned into what is to be done in the kernel. */
  calculated?(): void;
  /** `changed`: it took a transaction. */
  inKernel(changed: boolean): void;
}

/** What the kernel has counted since the back end started. */
export interface PacketCounts {
  readonly allowed: readonly RuleCounter[];
  readonly denied: readonly DeniedCounter[];
}

/** Nothing yet. */
export const initialState: EnforcementState = {
  inForce: false,
  transactions: 0,
  failuresInARow: 0,
  totals: { failures: 0, retries: 0, elementsAdded: 0, elementsRemoved: 0, comparisons: 0, drifts: 0, repairs: 0 },
};

/** The totals with more added to them. */
export function addTotals(totals: EnforcementTotals, more: Partial<EnforcementTotals>): EnforcementTotals {
  const sums = Object.entries(totals).map(([name, total]: [string, number]) => [
    name,
    total + (more[name as keyof EnforcementTotals] ?? 0),
  ]);
  return Object.fromEntries(sums) as EnforcementTotals;
}
