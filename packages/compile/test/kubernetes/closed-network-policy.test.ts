import type { NetworkPolicy, NetworkPolicySpec } from '@weir/kube';
import { selectorKey } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { closedNetworkPolicy } from '../../src/index.ts';

describe('a refused policy', () => {
  it.each<[string, unknown, string, string]>([
    [
      'keeps its readable subject and types',
      { podSelector: { matchLabels: { a: 'b' } }, ingress: [{ from: [{}] }] },
      'and(pod:"a" in ["b"]; reserved:"namespace" in ["n"])',
      'ingress',
    ],
    ['isolates egress when it has egress rules', { egress: [{ to: [{}] }] }, 'reserved:"namespace" in ["n"]', 'ingress egress'],
    ['isolates egress when its egress cannot be read', { egress: 'x' }, 'reserved:"namespace" in ["n"]', 'ingress egress'],
    [
      'isolates the whole namespace when its subject cannot be read',
      { podSelector: 'x' },
      'reserved:"namespace" in ["n"]',
      'ingress egress',
    ],
    ['isolates both directions when its types cannot be read', { policyTypes: ['x'] }, 'reserved:"namespace" in ["n"]', 'ingress egress'],
  ])('%s, and allows nothing', (_name, spec, subject, directions) => {
    const policy: NetworkPolicy = { metadata: { name: 'p', namespace: 'n' }, spec: spec as NetworkPolicySpec };
    const closed = closedNetworkPolicy(policy);
    expect(selectorKey(closed.subject)).toBe(subject);
    const isolated = (['ingress', 'egress'] as const).filter((direction) => closed[direction]?.isolates);
    expect(isolated.join(' ')).toBe(directions);
    expect([...(closed.ingress?.rules ?? []), ...(closed.egress?.rules ?? [])]).toEqual([]);
  });
});
