/** How many sets, and how large ones, engines would make. */
import type { KubeObject } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { lint } from '../../src/index.ts';

function messages(objects: readonly KubeObject[]): readonly string[] {
  return lint({ objects }, { engines: ['azure'], onlyRules: ['ipset-size'] }).findings.map(({ message }) => message);
}

function podsOf(count: number, labels: (index: number) => Readonly<Record<string, string>>): KubeObject[] {
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace: 'shop', labels: labels(index) },
    spec: { containers: [{ name: 'c' }] },
  }));
}

describe('the sets of an engine', () => {
  it('are two for each label of pods, which unique labels use up', () => {
    const labels = (index: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: 66 }, (_, at) => [`key-${at}`, `value-${index}-${at}`]));
    // 1 000 × 66 values, 66 keys, the namespace of the pods with the two sets of its label, and that of all namespaces.
    expect(messages(podsOf(1_000, labels))).toEqual([expect.stringMatching(/^Azure's policy manager makes about 66070 sets /)]);
    expect(messages(podsOf(10, labels))).toEqual([]);
  });

  it('have members for every pod that a workload makes', () => {
    const deployment = (replicas: number): KubeObject[] =>
      [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web', namespace: 'shop' },
          spec: {
            replicas,
            selector: { matchLabels: { app: 'web' } },
            template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c' }] } },
          },
        },
      ] as unknown as KubeObject[];
    expect(messages(deployment(65_536))).toEqual([]);
    expect(messages(deployment(65_537)).map((text) => /the pods with (.*?) has (\d+)/.exec(text)?.slice(1))).toEqual([
      ['label app', '65537'],
      ['label app=web', '65537'],
      ['namespace shop', '65537'],
    ]);
  });
});
