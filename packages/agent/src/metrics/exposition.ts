/** The text format of Prometheus, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
import { assert } from '@weir/net';
import type { HistogramSample, MetricFamily, MetricLabels } from './metric-family.ts';

/** The media type of {@link renderExposition}. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** Renders the families in their order; a name occurs once. */
export function renderExposition(families: readonly MetricFamily[]): string {
  const names = new Set<string>();
  const lines: string[] = [];
  for (const family of families) {
    assert(/^[a-z_][a-z0-9_]*$/.test(family.name) && !names.has(family.name), `metric ${family.name} has a good name of its own`);
    names.add(family.name);
    lines.push(`# HELP ${family.name} ${escapeHelp(family.help)}`, `# TYPE ${family.name} ${family.type}`);
    if (family.type === 'histogram') for (const histogram of family.histograms) lines.push(...histogramLines(family.name, histogram));
    else for (const { labels, value } of family.samples) lines.push(line(family.name, labels, value));
  }
  return lines.map((text) => `${text}\n`).join('');
}

function histogramLines(name: string, { labels, buckets, sum, count }: HistogramSample): string[] {
  return [
    ...buckets.map((bucket) => line(`${name}_bucket`, { ...labels, le: String(bucket.atMost) }, bucket.count)),
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: MetricLabels = {}, value: number | bigint): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`;
}

function numberText(value: number | bigint): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
