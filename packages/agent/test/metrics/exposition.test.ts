/** Metrics as data, and as text in the format of Prometheus. */
import { describe, expect, it } from 'vitest';
import { renderExposition } from '../../src/metrics/exposition.ts';
import { Histogram } from '../../src/metrics/histogram.ts';
import { byLabel, counter, gauge } from '../../src/metrics/metric-family.ts';
import { MetricsRegistry } from '../../src/metrics/metrics-registry.ts';
import { readExposition } from '../support/exposition.ts';

describe('the text format', () => {
  it('carries counters, gauges and histograms with help and type, and follows the grammar', () => {
    const histogram = new Histogram([0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value);
    const text = renderExposition([
      counter('weir_a_total', 'A.', 12n),
      gauge('weir_b', 'B.', byLabel('kind', { pods: 3, none: Number.NaN, all: Number.POSITIVE_INFINITY })),
      { name: 'weir_c_seconds', help: 'C.', type: 'histogram', histograms: [histogram.sample()] },
    ]);
    expect(text.split('\n').slice(0, 3)).toEqual(['# HELP weir_a_total A.', '# TYPE weir_a_total counter', 'weir_a_total 12']);
    const families = readExposition(text);
    expect(Object.fromEntries(families.get('weir_b')?.samples ?? [])).toEqual({
      'weir_b{kind="pods"}': 3,
      'weir_b{kind="none"}': Number.NaN,
      'weir_b{kind="all"}': Number.POSITIVE_INFINITY,
    });
    expect(Object.fromEntries(families.get('weir_c_seconds')?.samples ?? [])).toEqual({
      'weir_c_seconds_bucket{le="0.1"}': 2,
      'weir_c_seconds_bucket{le="1"}': 3,
      'weir_c_seconds_bucket{le="+Inf"}': 4,
      weir_c_seconds_sum: 7.65,
      weir_c_seconds_count: 4,
    });
  });

  it('escapes what would end a label or a line', () => {
    const text = renderExposition([gauge('weir_x', 'back\\slash\nand line', byLabel('policy', { 'a"b\\c\nd': 1 }))]);
    expect(text).toBe('# HELP weir_x back\\\\slash\\nand line\n# TYPE weir_x gauge\nweir_x{policy="a\\"b\\\\c\\nd"} 1\n');
    expect(readExposition(text).size).toBe(1);
  });

  it('has no name twice', () => {
    expect(() => renderExposition([gauge('weir_x', 'X.', 1), gauge('weir_x', 'X.', 2)])).toThrow(/weir_x/);
  });
});

describe('the registry', () => {
  it('asks its collectors once a second at most, whoever asks', async () => {
    let now = 0;
    let asked = 0;
    const registry = new MetricsRegistry(() => now);
    registry.add(() => [gauge('weir_asked', 'Asked.', ++asked)]);
    const [first, second] = await Promise.all([registry.render(), registry.render()]);
    expect(first).toBe(second);
    now = 999;
    expect(await registry.render()).toBe(first);
    now = 1_000;
    expect(await registry.render()).toContain('weir_asked 2');
  });
});
