/** Metrics of the log. */
import type { LogCounts } from '../log/bounded-log-stream.ts';
import { counter, type MetricFamily } from './metric-family.ts';

/** All of them. */
export function logMetrics({ written, dropped }: LogCounts): readonly MetricFamily[] {
  return [
    counter('weir_log_lines_total', 'Lines of the log.', written),
    counter('weir_log_lines_dropped_total', 'Lines left out because a second had more than --log-lines-per-second.', dropped),
  ];
}
