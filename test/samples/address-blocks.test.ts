import { computeConnectivity, outsideRanges } from '@weir/connectivity';
import type { KubeObject } from '@weir/kube';
import { podName } from '@weir/model';
import { addressRangesContain, parseAddress } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';

const workloads = 22;
const blocks = 638;

/** The shape of a public sample: 22 workloads, to each of which some of 638 blocks may connect; block `i` to workload `i % 22`. */
function objects(): KubeObject[] {
  const names = Array.from({ length: workloads }, (_, w) => `w${w}`);
  const pods = names.map((name) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'blocks', name, uid: name, labels: { app: name } },
    spec: { containers: [] },
  }));
  const policies = names.map((name, w) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'blocks', name },
    spec: {
      podSelector: { matchLabels: { app: name } },
      ingress: [
        {
          from: Array.from({ length: blocks }, (_, i) => i)
            .filter((i) => i % workloads === w)
            .map((i) => ({ ipBlock: { cidr: blockOf(i) } })),
        },
      ],
    },
  }));
  return [...pods, ...policies];
}

/** Of different sizes, none beside another of the same workload. */
function blockOf(i: number): string {
  return `${20 + Math.floor(i / 128)}.${(i % 128) * 2}.0.0/${16 + (i % 9)}`;
}

describe('638 blocks over 22 workloads', () => {
  const snapshot = loadSnapshot(objects());
  const connectivity = computeConnectivity(snapshot, { family: 4 });
  const ranges = outsideRanges(connectivity.ends, [snapshot.world]);
  const [traffic] = connectivity.traffic;

  it('cut the outside into one class for each block and one for all else', () => {
    expect(snapshot.diagnostics).toEqual([]);
    expect(connectivity.ends.classes.filter(({ kind }) => kind === 'outside')).toHaveLength(blocks + 1);
    expect(connectivity.ends.classes.filter(({ kind }) => kind === 'pods')).toHaveLength(workloads);
  });

  it('let each block to its own workload alone, from its first address to its last', () => {
    const wrong: string[] = [];
    for (let i = 0; i < blocks; i++) {
      const cidr = blockOf(i);
      const [network = '', length = ''] = cidr.split('/');
      const first = parseAddress(network);
      if (first === undefined || traffic === undefined) throw new TypeError(`${cidr} is no block`);
      const last = { ...first, words: [((first.words[0] ?? 0) + 2 ** (32 - Number(length)) - 1) >>> 0] };
      const after = { ...first, words: [((last.words[0] ?? 0) + 1) >>> 0] };
      for (const [address, expected] of [
        [first, `w${i % workloads}`],
        [last, `w${i % workloads}`],
        [after, ''],
      ] as const) {
        const source = [...ranges].find(([, own]) => addressRangesContain(own, address))?.[0] ?? -1;
        const reached = connectivity
          .allowed(source, traffic)
          .members()
          .flatMap((at) =>
            (connectivity.ends.classes[at]?.ends ?? []).flatMap((end) => (end.kind === 'endpoint' ? [podName(end.endpoint)] : [])),
          );
        if (reached.join() !== (expected === '' ? '' : `blocks/${expected}`)) wrong.push(`${cidr}: ${reached.join()}, not ${expected}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
