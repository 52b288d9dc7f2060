/** Metrics of the process: memory, processor time, and how late its event loop runs. */
import { memoryUsage, uptime } from 'node:process';
import { Histogram } from './histogram.ts';
import { counter, gauge, type MetricFamily } from './metric-family.ts';

const delayBounds: readonly number[] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Measures how late a timer fires: what every event had to wait in that moment. */
export class EventLoopDelay {
  readonly #delays = new Histogram(delayBounds);

  /** Told of a timer that was due `lateMs` ago. */
  observe(lateMs: number): void {
    this.#delays.observe(Math.max(0, lateMs) / 1_000);
  }

  metrics(): readonly MetricFamily[] {
    const help = 'How late a timer of one second fired.';
    return [{ name: 'weir_event_loop_delay_seconds', help, type: 'histogram', histograms: [this.#delays.sample()] }];
  }
}

/** The process as it is now; names are those that Prometheus gives them. */
export function processMetrics(): readonly MetricFamily[] {
  const { rss, heapTotal, heapUsed, external } = memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    gauge('process_resident_memory_bytes', 'Resident memory.', rss),
    counter('process_cpu_seconds_total', 'Processor time, in user and kernel mode.', (user + system) / 1_000_000),
    gauge('process_start_time_seconds', 'When the process started, since 1970.', Math.round(Date.now() / 1_000 - uptime())),
    gauge('weir_heap_bytes', 'Memory of the heap.', heapTotal),
    gauge('weir_heap_used_bytes', 'Memory of objects on the heap.', heapUsed),
    gauge('weir_external_bytes', 'Memory of buffers and native objects.', external),
  ];
}
