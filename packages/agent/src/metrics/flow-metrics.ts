/** Metrics of the flow log. */
import type { FlowCounts } from '../flows/flow-log.ts';
import { byLabel, counter, type MetricFamily } from './metric-family.ts';

/** All of them; none while there is no flow log. */
export function flowMetrics(counts: FlowCounts | undefined): readonly MetricFamily[] {
  if (counts === undefined) return [];
  return [
    counter('weir_flow_events_total', 'New connections that the flow log told of.', counts.written),
    counter('weir_flow_repeats_total', 'Denied packets of attempts that it had told of.', counts.repeated),
    counter(
      'weir_flow_events_dropped_total',
      "Events that it left out: more than --flow-rate a second, the kernel's queue full, or the file or stream not taking them.",
      byLabel('reason', counts.dropped),
    ),
  ];
}
