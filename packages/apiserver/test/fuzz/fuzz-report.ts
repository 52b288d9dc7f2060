/** What became of the inputs of a run. */

/** Counts, and what must not have happened. */
export interface FuzzReport {
  readonly inputs: number;
  /** How many answers had which status; 0 counts connections that ended without one. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly findings: readonly string[];
}

/** Which inputs: `count` from the one with the number `first` on. */
export interface FuzzRange {
  readonly seed: number;
  readonly first: number;
  readonly count: number;
}

/** The number of an input as a seed of its own, so that one can be tried alone. */
export function seedOf({ seed }: FuzzRange, index: number): number {
  return (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b)) >>> 0;
}

/** Collects a report. */
export class FuzzLog {
  readonly #range: FuzzRange;
  readonly #statuses = new Map<number, number>();
  readonly #findings: string[] = [];

  constructor(range: FuzzRange) {
    this.#range = range;
  }

  count(status: number): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
  }

  find(index: number, problem: string, input: string): void {
    this.#findings.push(`input ${index} of seed ${this.#range.seed}: ${problem}\n  ${input}`);
  }

  report(): FuzzReport {
    return { inputs: this.#range.count, statuses: this.#statuses, findings: this.#findings };
  }
}

/** One report of several. */
export function mergedReports(reports: readonly FuzzReport[]): FuzzReport {
  const statuses = new Map<number, number>();
  for (const report of reports) for (const [status, count] of report.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
  return {
    inputs: reports.reduce((sum, { inputs }) => sum + inputs, 0),
    statuses,
    findings: reports.flatMap(({ findings }) => findings),
  };
}

/** An error with where it came from. */
export function faultText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Rejects when something takes longer than any busy machine makes it. */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('there was no answer within a minute')), 60_000);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
