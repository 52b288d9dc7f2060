import type { Node, NodeSelectorRequirement, Pod } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import type { ClusterView, NodeView } from '../../src/scheduler/cluster-view.ts';
import { schedulePod } from '../../src/scheduler/schedule-pod.ts';

const ready = [{ type: 'Ready', status: 'True' as const }];
const node = (name: string, spec: Node['spec'] = {}, labels: Record<string, string> = {}): Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec,
  status: { conditions: ready },
});
const pod = (spec: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({ metadata: { name: 'p' }, spec: { containers: [], ...spec } });
const some = (count: number): Pod[] => Array.from({ length: count }, (_, i) => ({ metadata: { name: `other-${i}`, uid: `${i}` } }));
const cluster = (nodes: readonly NodeView[]): ClusterView => ({ nodes, hasRepelling: true, namespace: () => undefined });
const on = (...nodes: Node[]): ClusterView => cluster(nodes.map((each) => ({ node: each, pods: [] })));

describe('a pod is placed', () => {
  it('on the node with the fewest pods, the first by name among equals', () => {
    const nodes = cluster([
      { node: node('b'), pods: some(1) },
      { node: node('c'), pods: some(1) },
      { node: node('a'), pods: some(2) },
    ]);
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
    const nodes = cluster([
      { node: small('a'), pods: some(2) },
      { node: node('b'), pods: some(7) },
    ]);
    expect(schedulePod(pod(), nodes)).toEqual({ kind: 'bind', node: 'b' });
    expect(schedulePod(pod(), cluster([{ node: small('a'), pods: some(1) }]))).toEqual({ kind: 'bind', node: 'a' });
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

describe('pods that want company, or none', () => {
  const zoned = (name: string, zone: string): Node => node(name, {}, { zone });
  const labelled = (app: string, spec: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
    metadata: { name: app, namespace: 'n', uid: `${app}-${Math.random()}`, labels: { app } },
    spec: { containers: [], ...spec },
  });
  const term = (app: string): { labelSelector: { matchLabels: { app: string } }; topologyKey: string } => ({
    labelSelector: { matchLabels: { app } },
    topologyKey: 'zone',
  });
  const near = (app: string): Partial<NonNullable<Pod['spec']>> => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app)] } },
  });
  const far = (app: string): Partial<NonNullable<Pod['spec']>> => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app)] } },
  });

  it('go where the others are, in their zone', () => {
    const nodes = cluster([
      { node: zoned('a', '1'), pods: [] },
      { node: zoned('b', '2'), pods: [labelled('db')] },
      { node: zoned('c', '2'), pods: [] },
    ]);
    expect(schedulePod(labelled('web', near('db')), nodes)).toEqual({ kind: 'bind', node: 'c' });
    expect(schedulePod(labelled('web', near('none')), nodes)).toMatchObject({
      message: expect.stringContaining("3 node(s) didn't match pod affinity rules"),
    });
  });

  it('begin anywhere when they want to be near their own kind', () => {
    expect(schedulePod(labelled('web', near('web')), on(zoned('a', '1'))).kind).toBe('bind');
  });

  it('stay away from others, and are kept away by those that want to be alone', () => {
    const nodes = cluster([
      { node: zoned('a', '1'), pods: [labelled('db', far('web'))] },
      { node: zoned('b', '1'), pods: [] },
    ]);
    expect(schedulePod(labelled('web'), nodes)).toMatchObject({
      message: expect.stringContaining("2 node(s) didn't satisfy existing pods anti-affinity rules"),
    });
    expect(schedulePod(labelled('x', far('db')), nodes)).toMatchObject({
      message: expect.stringContaining("2 node(s) didn't match pod anti-affinity rules"),
    });
    expect(schedulePod(labelled('x'), nodes)).toEqual({ kind: 'bind', node: 'b' });
  });

  it('are spread evenly when they have to be', () => {
    const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } };
    const nodes = (first: number, second: number): ClusterView =>
      cluster([
        { node: zoned('a', '1'), pods: Array.from({ length: first }, () => labelled('web')) },
        { node: zoned('b', '2'), pods: [...Array.from({ length: second }, () => labelled('web')), ...some(9)] },
        { node: node('c'), pods: [] },
      ]);
    const wanted = labelled('web', { topologySpreadConstraints: [spread] });
    expect(schedulePod(wanted, nodes(1, 0))).toEqual({ kind: 'bind', node: 'b' });
    expect(schedulePod(wanted, nodes(0, 0))).toEqual({ kind: 'bind', node: 'a' });
    expect(schedulePod({ ...wanted, spec: { ...wanted.spec, containers: [], nodeSelector: { zone: '1' } } }, nodes(1, 0))).toMatchObject({
      kind: 'bind',
      node: 'a',
    });
    const pinned = labelled('web', { topologySpreadConstraints: [{ ...spread, minDomains: 3 }] });
    expect(schedulePod(pinned, nodes(1, 1))).toMatchObject({
      message: expect.stringMatching(
        /1 node\(s\) didn't match pod topology spread constraints \(missing required label\), 2 node\(s\) didn't match pod topology spread constraints\./,
      ),
    });
  });
});

describe('room on a node', () => {
  const asking = (cpu: string, extra: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
    metadata: { name: 'p', uid: `asks-${cpu}-${Math.random()}` },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu } }, ports: [{ containerPort: 80, hostPort: 80 }] }], ...extra },
  });
  const sized = (cpu: string): Node => ({ ...node('a'), status: { conditions: ready, allocatable: { cpu, pods: '9' } } });

  it('is what requests have left of it', () => {
    const other: Pod = {
      metadata: { name: 'o', uid: 'o' },
      spec: { containers: [{ name: 'c', resources: { requests: { cpu: '600m' } } }] },
    };
    const nodes = cluster([{ node: sized('1'), pods: [other] }]);
    expect(schedulePod(asking('400m'), nodes)).toEqual({ kind: 'bind', node: 'a' });
    expect(schedulePod(asking('401m'), nodes)).toMatchObject({ message: expect.stringContaining('1 Insufficient cpu') });
  });

  it('counts the init container that needs most, beside the sidecars before it', () => {
    const nodes = cluster([{ node: sized('1'), pods: [] }]);
    const init = (cpu: string, restartPolicy?: string) => ({
      name: 'i',
      resources: { requests: { cpu } },
      ...(restartPolicy ? { restartPolicy } : {}),
    });
    expect(schedulePod(asking('500m', { initContainers: [init('300m', 'Always'), init('700m')] }), nodes).kind).toBe('bind');
    expect(schedulePod(asking('500m', { initContainers: [init('300m', 'Always'), init('701m')] }), nodes).kind).toBe('unschedulable');
  });

  it('is also ports of the host', () => {
    const nodes = cluster([{ node: sized('4'), pods: [asking('1')] }]);
    expect(schedulePod(asking('1'), nodes)).toMatchObject({
      message: expect.stringContaining("1 node(s) didn't have free ports for the requested pod ports"),
    });
  });

  it('is made by driving away the least important pods, as few as possible', () => {
    const low = { ...asking('600m'), spec: { containers: [{ name: 'c', resources: { requests: { cpu: '600m' } } }], priority: 1 } };
    const middle = { ...low, metadata: { name: 'm', uid: 'm' }, spec: { ...low.spec, priority: 5 } };
    const nodes = cluster([{ node: sized('2'), pods: [low, middle] }]);
    expect(schedulePod(asking('1', { priority: 10 }), nodes)).toMatchObject({ kind: 'preempt', node: 'a', victims: [low] });
    expect(schedulePod(asking('1', { priority: 10, preemptionPolicy: 'Never' }), nodes).kind).toBe('unschedulable');
    expect(schedulePod(asking('1', { priority: 1 }), nodes).kind).toBe('unschedulable');
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
