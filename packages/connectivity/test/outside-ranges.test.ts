import { addressRangesContain, formatAddress } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { classifyEnds } from '../src/end-classes.ts';
import { describeRanges, outsideRanges } from '../src/outside-ranges.ts';

function rangesOf(blocks: readonly object[], family: 4 | 6 = 4): string[][] {
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'x' },
    spec: { podSelector: {}, ingress: blocks.map((ipBlock) => ({ from: [{ ipBlock }] })) },
  };
  const snapshot = loadSnapshot([policy]);
  const worlds = [snapshot.world];
  const ends = classifyEnds({ snapshot, worlds, family, include: () => true });
  const found = outsideRanges(ends, worlds);
  for (const [at, ranges] of found) {
    for (const end of ends.classes[at]?.ends ?? [])
      if (end.kind === 'address') expect(addressRangesContain(ranges, end.address), formatAddress(end.address)).toBe(true);
  }
  return [...found.values()].map(describeRanges).sort((a, b) => a.length - b.length);
}

describe('the addresses that a class outside of the cluster stands for', () => {
  it('are all addresses where no policy has a block', () => {
    expect(rangesOf([])).toEqual([['0.0.0.0/0']]);
    expect(rangesOf([], 6)).toEqual([['::/0']]);
  });

  it('are a block without its exceptions, and the rest with these, as few blocks as possible', () => {
    expect(rangesOf([{ cidr: '128.0.0.0/1', except: ['192.0.0.0/2', '128.0.0.1/32'] }])).toEqual([
      ['0.0.0.0/1', '128.0.0.1', '192.0.0.0/2'],
      expect.arrayContaining(['160.0.0.0/3', '128.0.0.0']),
    ]);
  });

  it('are the parts that blocks of several policies have in common', () => {
    expect(
      rangesOf([{ cidr: '10.0.0.0/8' }, { cidr: '10.0.0.0/9' }])
        .flat()
        .filter((text) => text.startsWith('10.')),
    ).toEqual(['10.0.0.0/9', '10.128.0.0/9']);
  });
});
