import type { Node, NodeSelectorRequirement, Pod } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { schedulePod } from '../../src/scheduler/schedule-pod.ts';

const ready = [{ type: 'Ready', status: 'True' as const }];
const node = (name: string, spec: Node['spec'] = {}, labels: Record<string, string> = {}): Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec,
  status: { conditions: ready },
});
const pod = (spec: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({ metadata: { name: 'p' }, spec: { containers: [], ...spec } });
const on = (...nodes: Node[]): { node: Node; pods: number }[] => nodes.map((each) => ({ node: each, pods: 0 }));

describe('a pod is placed', () => {
  it('on the node with the fewest pods, the first by name among equals', () => {
    const nodes = [
      { node: node('b'), pods: 1 },
      { node: node('c'), pods: 1 },
      { node: node('a'), pods: 2 },
    ];
    expect(schedulePod(pod(), nodes)).toEqual({ kind: 'bind', node: 'b' });
  });

  it.each([
    ['its nodeSelector matches', pod({ nodeSelector: { disk: 'ssd' } }), 'b'],
    ['its affinity matches', affinity([{ key: 'disk', operator: 'In', values: ['ssd'] }]), 'b'],
    ['its affinity excludes others', affinity([{ key: 'disk', operator: 'Exists' }]), 'b'],
  ])('where %s', (_name, wanted, expected) => {
    expect(schedulePod(wanted, on(node('a'), node('b', {}, { disk: 'ssd' })))).toEqual({ kind: 'bind', node: expected });
  });

  it('on a tainted node when it tolerates the taint', () => {
    const tainted = node('a', { taints: [{ key: 'role', value: 'db', effect: 'NoSchedule' }] });
    const toleration = { key: 'role', operator: 'Equal', value: 'db', effect: 'NoSchedule' };
    expect(schedulePod(pod({ tolerations: [toleration] }), on(tainted)).kind).toBe('bind');
    expect(schedulePod(pod({ tolerations: [{ operator: 'Exists' }] }), on(tainted)).kind).toBe('bind');
    expect(schedulePod(pod({ tolerations: [{ ...toleration, value: 'web' }] }), on(tainted)).kind).toBe('unschedulable');
  });

  it('where there is room: a node takes as many pods as it says', () => {
    const small = (name: string): Node => ({ ...node(name), status: { conditions: ready, allocatable: { pods: '2' } } });
    const nodes = [
      { node: small('a'), pods: 2 },
      { node: node('b'), pods: 7 },
    ];
    expect(schedulePod(pod(), nodes)).toEqual({ kind: 'bind', node: 'b' });
    expect(schedulePod(pod(), [{ node: small('a'), pods: 1 }])).toEqual({ kind: 'bind', node: 'a' });
    expect(schedulePod(pod({ nodeSelector: { 'kubernetes.io/hostname': 'a' } }), nodes)).toEqual({
      kind: 'unschedulable',
      message:
        "0/2 nodes are available: 1 Too many pods, 1 node(s) didn't match Pod's node affinity/selector. " +
        'preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    });
  });

  it('in spite of a taint that only prefers', () => {
    expect(schedulePod(pod(), on(node('a', { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] }))).kind).toBe('bind');
  });
});

describe('a pod that fits nowhere says why', () => {
  const preemption = (all: number): string => `preemption: 0/${all} nodes are available: ${all} Preemption is not helpful for scheduling.`;

  it.each([
    ['no nodes', pod(), [], 'no nodes available to schedule pods'],
    [
      'selector',
      pod({ nodeSelector: { a: 'b' } }),
      [node('a'), node('b')],
      `0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. ${preemption(2)}`,
    ],
    ['cordoned', pod(), [node('a', { unschedulable: true })], `0/1 nodes are available: 1 node(s) were unschedulable. ${preemption(1)}`],
    [
      'several reasons, sorted',
      pod({ nodeSelector: { a: 'b' } }),
      [node('a'), node('b', { taints: [{ key: 'k', value: 'v', effect: 'NoExecute' }] }), node('c')],
      `0/3 nodes are available: 1 node(s) had untolerated taint {k: v}, 2 node(s) didn't match Pod's node affinity/selector. ${preemption(3)}`,
    ],
    [
      'not ready',
      pod(),
      [{ metadata: { name: 'a' } }],
      `0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. ${preemption(1)}`,
    ],
  ])('%s', (_name, wanted, nodes, message) => {
    expect(schedulePod(wanted, on(...nodes))).toEqual({ kind: 'unschedulable', message });
  });
});

function affinity(matchExpressions: readonly NodeSelectorRequirement[]): Pod {
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } };
  return {
    metadata: { name: 'p' },
    spec: {
      containers: [],
      affinity: { nodeAffinity },
    },
  };
}
