/** What operators see of an agent: its probes and metrics, put together and served. */

import { counter } from '../metrics/metric-family.ts';
import { type MetricsCollector, MetricsRegistry } from '../metrics/metrics-registry.ts';
import { EventLoopDelay, processMetrics } from '../metrics/process-metrics.ts';
import type { AgentSettings } from '../settings/agent-settings.ts';
import { OperationsServer } from './operations-server.ts';
import { liveness, type ProbedState, readiness } from './probes.ts';

/** How often the event loop and the memory are looked at, in milliseconds. */
const tickMs = 1_000;

/** What is served. */
export interface AgentOperationsParts {
  readonly settings: AgentSettings;
  readonly probed: () => ProbedState;
  readonly collectors: readonly MetricsCollector[];
  /** Called once a second. */
  readonly onTick: () => void;
}

/** The server of one agent, with the clock that its measurements need. */
export class AgentOperations {
  readonly #settings: AgentSettings;
  readonly #server: OperationsServer | undefined;
  readonly #delay = new EventLoopDelay();
  readonly #onTick: () => void;
  #unauthorized = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Throws when certificate or token cannot be used. */
  constructor({ settings, probed, collectors, onTick }: AgentOperationsParts) {
    this.#settings = settings;
    this.#onTick = onTick;
    const registry = new MetricsRegistry();
    for (const collector of collectors) registry.add(collector);
    registry.add(() => [
      ...this.#delay.metrics(),
      ...processMetrics(),
      counter('weir_http_unauthorized_total', 'Requests without the token.', this.#unauthorized),
    ]);
    if (settings.metricsAddress === 'none') return;
    this.#server = new OperationsServer(settings.metricsAddress, settings, {
      live: () => liveness(probed()),
      ready: () => readiness(probed()),
      metrics: () => registry.render(),
      unauthorized: () => {
        this.#unauthorized++;
      },
    });
  }

  /** Listens; throws when the address is taken. */
  async start(): Promise<void> {
    if (this.#settings.metricsAddress !== 'none') await this.#server?.listen(this.#settings.metricsAddress);
    let dueAtMs = performance.now() + tickMs;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#delay.observe(now - dueAtMs);
      dueAtMs = now + tickMs;
      this.#onTick();
    }, tickMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#server?.close();
  }
}
