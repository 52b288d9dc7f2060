/**
 * Everything that is measured, put together when somebody asks, and not more often than once a second:
 * who asks in between gets the answer of before.
 */
import { renderExposition } from './exposition.ts';
import type { MetricFamily } from './metric-family.ts';

/** A part of the agent that measures something. */
export type MetricsCollector = () => readonly MetricFamily[] | Promise<readonly MetricFamily[]>;

const shortestIntervalMs = 1_000;

/** The collectors of one agent. */
export class MetricsRegistry {
  readonly #collectors: MetricsCollector[] = [];
  readonly #nowMs: () => number;
  #rendering: Promise<string> | undefined;
  #renderedAtMs = Number.NEGATIVE_INFINITY;

  /** `nowMs` is a clock that never goes back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  add(collector: MetricsCollector): void {
    this.#collectors.push(collector);
  }

  /** All metrics in the text format. */
  render(): Promise<string> {
    const now = this.#nowMs();
    if (this.#rendering === undefined || now - this.#renderedAtMs >= shortestIntervalMs) {
      this.#renderedAtMs = now;
      this.#rendering = this.#collect();
    }
    return this.#rendering;
  }

  async #collect(): Promise<string> {
    const families = await Promise.all(this.#collectors.map(async (collector) => collector()));
    return renderExposition(families.flat());
  }
}
