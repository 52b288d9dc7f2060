/** When a row of outcomes of a probe changes the verdict: only so many of one kind in succession do. Pure. */
import type { Probe } from '@weir/kube';

/** What a probe says of a container. */
export type ProbeVerdict = 'success' | 'failure';

/** The verdict of one probe over one run of a container. */
export class ProbeCounter {
  readonly #thresholds: Readonly<Record<ProbeVerdict, number>>;
  #last: ProbeVerdict | undefined;
  #count = 0;

  constructor({ successThreshold = 1, failureThreshold = 3 }: Pick<Probe, 'successThreshold' | 'failureThreshold'>) {
    this.#thresholds = { success: successThreshold, failure: failureThreshold };
  }

  /** The verdict after this outcome; undefined while it is not confirmed often enough to change what was said before. */
  add(outcome: ProbeVerdict): ProbeVerdict | undefined {
    this.#count = outcome === this.#last ? this.#count + 1 : 1;
    this.#last = outcome;
    return this.#count >= this.#thresholds[outcome] ? outcome : undefined;
  }
}
