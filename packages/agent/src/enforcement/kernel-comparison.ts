/**
 * Comparisons of the kernel with what should be in it: asked for by time, or because somebody else wrote
 * into it. One at a time, beside the transactions; one that fails is wanted again.
 */
import type { Dataplane, DriftReport } from '@weir/dataplane';
import { DriftPace } from './drift-pace.ts';

/** What comparisons need. */
export interface KernelComparisonOptions {
  readonly dataplane: Dataplane;
  /** Whether there is something to compare with. */
  ready(): boolean;
  /** Told when one is wanted: its turn may be now. */
  onWanted(): void;
  /** `isQuiet`: nothing has been repaired for a while. */
  onResult(report: DriftReport, isQuiet: boolean): void;
  /** A comparison could not be made; throws what is a fault of ours. */
  onFailure(error: unknown): void;
  /** Told of what the callbacks throw. */
  onFault(error: unknown): void;
}

/** The comparisons of one data plane. */
export class KernelComparison {
  readonly #options: KernelComparisonOptions;
  readonly #pace = new DriftPace();
  #isWanted = false;
  /** Others changed something while a comparison ran, in what it had already read, perhaps. */
  #changedMeanwhile = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: KernelComparisonOptions) {
    this.#options = options;
    options.dataplane.watch(() => this.#changedByOthers());
  }

  /** Whether one is wanted and none runs. */
  get isDue(): boolean {
    return this.#isWanted && this.#running === undefined;
  }

  want(): void {
    this.#isWanted = this.#options.ready();
    this.#options.onWanted();
  }

  /** Begins the one that is due; does not wait for it. */
  start(): void {
    this.#isWanted = false;
    this.#running = this.#run()
      .catch((error: unknown) => this.#options.onFault(error))
      .finally(() => {
        this.#running = undefined;
        if (this.#isWanted) this.#options.onWanted();
        if (this.#changedMeanwhile) this.#changedByOthers();
      });
  }

  /** Starts none any more; resolves when the one that runs has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Compares soon; how soon is known when the comparison that runs has said whether it had to repair something. */
  #changedByOthers(): void {
    this.#changedMeanwhile = this.#running !== undefined;
    if (this.#closed || this.#timer !== undefined || this.#isWanted || this.#changedMeanwhile) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.want();
    }, this.#pace.delayMs(performance.now()));
  }

  async #run(): Promise<void> {
    let report: DriftReport;
    try {
      report = await this.#options.dataplane.resync();
    } catch (error) {
      this.#isWanted = true;
      this.#options.onFailure(error);
      return;
    }
    const now = performance.now();
    if (report.drifted.length > 0) this.#pace.repaired(now);
    this.#options.onResult(report, this.#pace.isQuiet(now));
  }
}
