/** The figures of the benchmark as text. */
import { type Breakdown, stages } from './breakdown.ts';
import type { BurstResult } from './burst.ts';
import type { Sample } from './measure.ts';
import { median, quantile } from './statistics.ts';

/** Both directions of one kind of change. */
export interface KindResult {
  readonly name: string;
  readonly allow: readonly Sample[];
  readonly deny: readonly Sample[];
}

/** One size of the cluster. */
export interface SizeResult {
  readonly pods: number;
  readonly policies: number;
  readonly servers: number;
  readonly kinds: readonly KindResult[];
  readonly burst?: BurstResult;
}

/** One line for each direction. */
export function printSamples({ name, allow, deny }: KindResult): void {
  print(`${name}, to allow`, allow);
  print(`${name}, to deny`, deny);
}

/** One line for the burst. */
export function printBurst({ events, writingMs, inForceMs, transactions }: BurstResult): void {
  const counts = Object.entries(transactions).map(([node, count]) => `${node} ${count}`);
  process.stdout.write(
    `  burst: ${events} pod events written in ${writingMs.toFixed(0)} ms, in force ${inForceMs.toFixed(1)} ms after the last; transactions: ${counts.join(', ')}\n`,
  );
}

function print(title: string, samples: readonly Sample[]): void {
  const totals = samples.map(({ totalMs }) => totalMs);
  const wrong = samples.reduce((sum, sample) => sum + sample.wrong, 0);
  const published = samples.flatMap(({ publishedMs }) => (publishedMs === undefined ? [] : [publishedMs]));
  const parts = [
    `median ${ms(median(totals))}, p99 ${ms(quantile(totals, 0.99))}`,
    ...(published.length === 0
      ? []
      : [`from the address being published: median ${ms(median(published))}, p99 ${ms(quantile(published, 0.99))}`]),
    ...breakdownText(samples.flatMap(({ breakdown }) => (breakdown === undefined ? [] : [breakdown]))),
    `${(wrong / Math.max(1, samples.length)).toFixed(0)} wrong datagrams a change, longest pause of the prober ${ms(median(samples.map(({ longestGapMs }) => longestGapMs)))}`,
  ];
  process.stdout.write(`  ${title}: ${parts.join('; ')}\n`);
}

/** Medians of the stages, and the time at p99. */
function breakdownText(breakdowns: readonly Breakdown[]): string[] {
  if (breakdowns.length === 0) return [];
  const texts = stages.map((stage) => {
    const values = breakdowns.map((breakdown) => breakdown[stage]);
    return `${stage} ${median(values).toFixed(2)}/${quantile(values, 0.99).toFixed(1)}`;
  });
  return [`stages (median/p99, ms): ${texts.join(', ')}`];
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}
