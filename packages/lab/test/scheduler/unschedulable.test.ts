/** The words of FailedScheduling events, reason by reason, as kube-scheduler 1.35 writes them. */
import type { Node, Pod } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import type { NodeView } from '../../src/scheduler/cluster-view.ts';
import { schedulePod } from '../../src/scheduler/schedule-pod.ts';

type Spec = Partial<NonNullable<Pod['spec']>>;

const node = (name: string, spec: Node['spec'] = {}, more: Node['status'] = {}): Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, zone: name } },
  spec,
  status: { conditions: [{ type: 'Ready', status: 'True' }], ...more },
});
const sized = (name: string): Node => node(name, {}, { allocatable: { cpu: '1', memory: '1Gi', pods: '2' } });
const pod = (spec: Spec = {}, name = 'p'): Pod => ({
  metadata: { name, namespace: 'n', uid: `${name}-${Math.random()}`, labels: { app: name } },
  spec: { containers: [], ...spec },
});
const asking = (requests: Record<string, string>, spec: Spec = {}): Spec => ({
  containers: [{ name: 'c', resources: { requests } }],
  ...spec,
});
const onPort = (hostPort: number): Spec => ({ containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort }] }] });
const term = (app: string) => ({ labelSelector: { matchLabels: { app } }, topologyKey: 'zone' });
const near = (app: string): Spec => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app)] } },
});
const far = (app: string): Spec => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app)] } },
});
const spread = (topologyKey: string): Spec => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', minDomains: 2, labelSelector: { matchLabels: { app: 'p' } } },
  ],
});
const onNode = (name: string): Spec => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
      },
    },
  },
});
const taints = (effect: string) => ({ taints: [{ key: 'k', value: 'v', effect }] });

const notHelpful = (count: number): string => `${count} Preemption is not helpful for scheduling`;
const noVictims = (count: number): string => `${count} No preemption victims found for incoming pod`;

interface Case {
  readonly pod?: Pod;
  /** Nodes, or nodes with the pods that run there. */
  readonly nodes: readonly (Node | NodeView)[];
  readonly why: string;
  readonly preemption: string;
}

const cases: Readonly<Record<string, Case>> = {
  'a cordoned node': { nodes: [node('a', { unschedulable: true })], why: '1 node(s) were unschedulable', preemption: notHelpful(1) },
  'a taint that keeps new pods away': {
    nodes: [node('a', taints('NoSchedule'))],
    why: '1 node(s) had untolerated taint(s)',
    preemption: notHelpful(1),
  },
  'a taint that drives pods away': {
    nodes: [node('a', taints('NoExecute'))],
    why: '1 node(s) had untolerated taint(s)',
    preemption: notHelpful(1),
  },
  'a node that has not reported yet': {
    nodes: [{ metadata: { name: 'a' } }],
    why: '1 node(s) had untolerated taint(s)',
    preemption: notHelpful(1),
  },
  'a node selector': {
    pod: pod({ nodeSelector: { disk: 'ssd' } }),
    nodes: [node('a'), node('b')],
    why: "2 node(s) didn't match Pod's node affinity/selector",
    preemption: notHelpful(2),
  },
  'affinity to a node': {
    pod: pod(onNode('z')),
    nodes: [node('a')],
    why: "1 node(s) didn't match Pod's node affinity/selector",
    preemption: notHelpful(1),
  },
  'host ports': {
    pod: pod(onPort(80)),
    nodes: [{ node: node('a'), pods: [pod(onPort(80))] }],
    why: "1 node(s) didn't have free ports for the requested pod ports",
    preemption: noVictims(1),
  },
  'cpu that others have': {
    pod: pod(asking({ cpu: '500m' })),
    nodes: [{ node: sized('a'), pods: [pod(asking({ cpu: '600m' }))] }],
    why: '1 Insufficient cpu',
    preemption: noVictims(1),
  },
  'more than the whole node': {
    pod: pod(asking({ cpu: '2', memory: '2Gi' })),
    nodes: [sized('a')],
    why: '1 Insufficient cpu, 1 Insufficient memory',
    preemption: notHelpful(1),
  },
  'a resource that no node has': {
    pod: pod(asking({ 'example.com/gpu': '1' })),
    nodes: [sized('a')],
    why: '1 Insufficient example.com/gpu',
    preemption: notHelpful(1),
  },
  'places for pods': { nodes: [{ node: sized('a'), pods: [pod(), pod()] }], why: '1 Too many pods', preemption: noVictims(1) },
  'pods to be near to': {
    pod: pod(near('db')),
    nodes: [node('a')],
    why: "1 node(s) didn't match pod affinity rules",
    preemption: notHelpful(1),
  },
  'pods to be far from': {
    pod: pod(far('db')),
    nodes: [{ node: node('a'), pods: [pod({}, 'db')] }],
    why: "1 node(s) didn't match pod anti-affinity rules",
    preemption: noVictims(1),
  },
  'pods that keep away from this one': {
    nodes: [{ node: node('a'), pods: [pod(far('p'), 'db')] }],
    why: "1 node(s) didn't satisfy existing pods anti-affinity rules",
    preemption: noVictims(1),
  },
  'an even spread': {
    pod: pod(spread('zone')),
    nodes: [{ node: node('a'), pods: [pod()] }],
    why: "1 node(s) didn't match pod topology spread constraints",
    preemption: noVictims(1),
  },
  'a spread over what the node does not say': {
    pod: pod(spread('rack')),
    nodes: [node('a')],
    why: "1 node(s) didn't match pod topology spread constraints (missing required label)",
    preemption: notHelpful(1),
  },
  'several reasons, sorted as texts': {
    pod: pod(asking({ cpu: '500m' }, { nodeSelector: { zone: 'c' } })),
    nodes: [node('a'), node('b', taints('NoSchedule')), { node: sized('c'), pods: [pod(asking({ cpu: '1' }))] }],
    why: "1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s)",
    preemption: `${noVictims(1)}, ${notHelpful(2)}`,
  },
  'the number of a reason before its text': {
    nodes: [node('a', taints('NoSchedule')), ...['b', 'c'].map((name) => node(name, { unschedulable: true }))],
    why: '1 node(s) had untolerated taint(s), 2 node(s) were unschedulable',
    preemption: notHelpful(3),
  },
};

describe('a pod that fits nowhere says why', () => {
  it.each(Object.entries(cases))('%s', (_, { pod: wanted = pod(), nodes, why, preemption }) => {
    const views = nodes.map((each) => ('node' in each ? each : { node: each, pods: [] }));
    const all = nodes.length;
    expect(schedulePod(wanted, { nodes: views, hasRepelling: true, namespace: () => undefined })).toEqual({
      kind: 'unschedulable',
      message: `0/${all} nodes are available: ${why}. preemption: 0/${all} nodes are available: ${preemption}.`,
    });
  });

  it('no nodes at all', () => {
    expect(schedulePod(pod(), { nodes: [], hasRepelling: false, namespace: () => undefined })).toEqual({
      kind: 'unschedulable',
      message: 'no nodes available to schedule pods',
    });
  });

  it('a pod that drives nobody away', () => {
    const low = pod(asking({ cpu: '1' }, { priority: 1 }));
    const wanted = pod(asking({ cpu: '500m' }, { priority: 10, preemptionPolicy: 'Never' }));
    expect(schedulePod(wanted, { nodes: [{ node: sized('a'), pods: [low] }], hasRepelling: false, namespace: () => undefined })).toEqual({
      kind: 'unschedulable',
      message: '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    });
  });
});
