/** What the enforcer has done, kept and told: state and counts for health and metrics, trouble for the log. */
import type { ApplyReport, DriftReport } from '@weir/dataplane';
import { errorFields, type Logger } from '../log/log.ts';
import { TroubleLog } from '../log/trouble-log.ts';
import { addTotals, type EnforcementState, type EnforcementTotals, initialState } from './enforcement-state.ts';

/** More of a drift than this is not written to the log. */
const driftLines = 20;
/** Longer keys of programs are cut in the log, in characters. */
const programKeyLength = 200;

/** The record of one enforcer. */
export class EnforcementRecord {
  readonly #log: Logger;
  readonly #troubles: TroubleLog;
  #state: EnforcementState = initialState;

  constructor(log: Logger) {
    this.#log = log;
    this.#troubles = new TroubleLog(log);
  }

  get state(): EnforcementState {
    return this.#state;
  }

  /** Something that failed is sent again. */
  retries(): void {
    this.#count({ retries: 1 });
  }

  /** A delta is in the kernel; `refused` are the programs that were not refused before. */
  applied(report: ApplyReport, refused: ApplyReport['quarantined']): void {
    for (const { program, reason } of refused) {
      const fields = { reason, program: program.slice(0, programKeyLength) };
      this.#troubles.trouble('quarantine', fields, 'rules could not be enforced; their pods keep those of before, or are closed');
    }
    if (report.quarantined.length === 0) this.#troubles.over('quarantine', {}, 'all rules are enforced');
    this.#log.debug({ ...report, quarantined: report.quarantined.length }, 'applied');
    this.#count({ elementsAdded: report.elementsAdded, elementsRemoved: report.elementsRemoved });
    const transactions = this.#state.transactions + report.transactions;
    this.#state = { ...this.#state, inForce: true, transactions, lastReport: report };
    this.works();
  }

  /** A comparison with the kernel was made. `isQuiet`: nothing has been repaired for a while. */
  compared(report: DriftReport, isQuiet: boolean): void {
    const hasDrifted = report.drifted.length > 0;
    this.#count({ comparisons: 1, drifts: Number(hasDrifted), repairs: Number(report.repaired) });
    this.works();
    if (hasDrifted) {
      const fields = { drifted: report.drifted.slice(0, driftLines), repaired: report.repaired };
      this.#troubles.trouble('drift', fields, 'the kernel had drifted from the rules');
    } else if (isQuiet) this.#troubles.over('drift', {}, 'the kernel has held the rules for a minute');
  }

  /** The kernel does what it is asked. */
  works(): void {
    const { lastError: _, ...rest } = this.#state;
    this.#state = { ...rest, failuresInARow: 0 };
    this.#troubles.over('apply', {}, 'changes are applied again');
  }

  /** The kernel does not; gives how many failures there have been in a row. */
  failed(error: unknown): number {
    const failures = this.#state.failuresInARow + 1;
    this.#count({ failures: 1 });
    this.#state = { ...this.#state, failuresInARow: failures, lastError: errorFields(error).error };
    this.#troubles.trouble('apply', { ...errorFields(error), failures }, 'a change could not be applied; the old rules stay in force');
    return failures;
  }

  #count(more: Partial<EnforcementTotals>): void {
    this.#state = { ...this.#state, totals: addTotals(this.#state.totals, more) };
  }
}
