import type { Node } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { graceMs, lostConditions, wantedTaints } from '../../src/controllers/nodes/node-health.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const now = '2026-01-01T00:00:00Z';
const node = (ready: 'True' | 'False' | 'Unknown' | undefined, spec: Node['spec'] = {}): Node => ({
  metadata: { name: 'n' },
  spec,
  status: ready === undefined ? {} : { conditions: [{ type: 'Ready', status: ready }] },
});

describe('a node that says nothing', () => {
  it('is lost after the grace period, and not before', () => {
    expect(lostConditions(node('True'), nowMs - graceMs + 1, nowMs)).toBeUndefined();
    expect(lostConditions(node('True'), nowMs - graceMs, nowMs)).toEqual([
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: now,
      },
    ]);
  });
});

describe('the taints of a node', () => {
  const keys = (of: Node): readonly string[] | undefined => wantedTaints(of, nowMs)?.map(({ key, effect }) => `${key}:${effect}`);

  it.each([
    ['ready', node('True'), undefined],
    ['not ready', node('False'), ['node.kubernetes.io/not-ready:NoSchedule', 'node.kubernetes.io/not-ready:NoExecute']],
    ['lost', node('Unknown'), ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute']],
    ['never reported', node(undefined), ['node.kubernetes.io/not-ready:NoSchedule']],
    ['cordoned', node('True', { unschedulable: true }), ['node.kubernetes.io/unschedulable:NoSchedule']],
  ])('%s', (_name, of, expected) => {
    expect(keys(of)).toEqual(expected);
  });

  it('of somebody else stay, those of a state that is over go, and those that stay keep their time', () => {
    const own = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
    const old = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute', timeAdded: '2025-01-01T00:00:00Z' };
    expect(wantedTaints(node('True', { taints: [own, old] }), nowMs)).toEqual([own]);
    expect(wantedTaints(node('False', { taints: [own, old] }), nowMs)).toEqual([
      own,
      { key: old.key, effect: 'NoSchedule', timeAdded: now },
      old,
    ]);
  });
});
