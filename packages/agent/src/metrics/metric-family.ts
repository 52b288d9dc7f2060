/**
 * Metrics as data, as Prometheus knows them. They are put together when somebody asks, from counts
 * that the parts of the agent keep anyway; nothing is counted twice.
 */

/** Label names and values. */
export type MetricLabels = Readonly<Record<string, string>>;

/** One value of a counter or a gauge. */
export interface MetricSample {
  readonly labels?: MetricLabels;
  readonly value: number | bigint;
}

/** What a histogram has observed. */
export interface HistogramSample {
  readonly labels?: MetricLabels;
  /** How many observations were at most the bound; bounds ascend, the last of them is not infinity. */
  readonly buckets: readonly { readonly atMost: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** All samples of one name. */
export type MetricFamily =
  | { readonly name: string; readonly help: string; readonly type: 'counter' | 'gauge'; readonly samples: readonly MetricSample[] }
  | { readonly name: string; readonly help: string; readonly type: 'histogram'; readonly histograms: readonly HistogramSample[] };

/** A value that only grows; the name ends in `_total`. */
export function counter(name: string, help: string, value: number | bigint | readonly MetricSample[]): MetricFamily {
  return { name, help, type: 'counter', samples: samplesOf(value) };
}

/** A value of now. */
export function gauge(name: string, help: string, value: number | bigint | boolean | readonly MetricSample[]): MetricFamily {
  return { name, help, type: 'gauge', samples: samplesOf(typeof value === 'boolean' ? Number(value) : value) };
}

/** A gauge or a counter with one label: a value for each of its values. */
export function byLabel(label: string, values: Readonly<Record<string, number | bigint>>): readonly MetricSample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function samplesOf(value: number | bigint | readonly MetricSample[]): readonly MetricSample[] {
  return typeof value === 'object' ? value : [{ value }];
}
