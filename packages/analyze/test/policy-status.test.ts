/** Whether policies are in force, from what agents publish. */
import { calicoCompiler, networkPolicyKind, type PolicyKind } from '@weir/compile';
import { type KubeObject, makeAgentLease, type NetworkPolicy, type Node, type NodeReport, type Pod, readAgentLease } from '@weir/kube';
import { defined } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { type AgentHearing, type PolicyStatus, policyStatuses } from '../src/index.ts';

const nowMs = Date.parse('2026-01-01T00:10:00Z');
const since = '2026-01-01T00:00:00.000Z';

function node(name: string, ready: 'True' | 'False' = 'True'): Node {
  return { metadata: { name }, status: { conditions: [{ type: 'Ready', status: ready }] } };
}

function pod(
  name: string,
  on: string,
  more: { readonly labels?: Record<string, string>; readonly ip?: string; readonly metadata?: object } = {},
): Pod {
  const { labels = { app: 'x' }, ip = '10.0.0.1', metadata = {} } = more;
  return {
    metadata: { name, namespace: 'demo', uid: `uid-${name}`, labels, ...metadata },
    spec: { nodeName: on, containers: [] },
    status: { phase: 'Running', ...(ip === '' ? {} : { podIPs: [{ ip }] }) },
  };
}

const policy: NetworkPolicy = {
  metadata: { name: 'p', namespace: 'demo', uid: 'u', generation: 2, resourceVersion: '100' },
  spec: { podSelector: { matchLabels: { app: 'x' } } },
};

function report(more: Partial<NodeReport> = {}): NodeReport {
  return {
    state: 'enforcing',
    policyVersion: '100',
    refused: { total: 0, items: [] },
    quarantined: { total: 0, items: [] },
    selecting: { total: 1, items: [{ uid: 'u', generation: 2, pods: 1, since }] },
    ...more,
  };
}

const none = { total: 0, items: [] };

function agent(
  name: string,
  said: NodeReport = report(),
  heard: { readonly ageMs?: number; readonly sinceChangeMs?: number } = {},
): AgentHearing {
  const { ageMs = 1_000, sinceChangeMs } = heard;
  const lease = makeAgentLease({ node: name, report: said, nowMs: nowMs - ageMs, durationSeconds: 60 });
  return {
    lease: defined(readAgentLease(lease), 'it is a Lease of an agent'),
    nowMs,
    ...(sinceChangeMs === undefined ? {} : { sinceChangeMs }),
  };
}

function status(parts: {
  readonly agents: readonly AgentHearing[];
  readonly pods?: readonly Pod[];
  readonly nodes?: readonly Node[];
  readonly policy?: NetworkPolicy;
}): PolicyStatus {
  const { agents, pods = [pod('a', 'n1')], nodes = [node('n1')], policy: one = policy } = parts;
  return defined(
    policyStatuses({ policies: [{ kind: networkPolicyKind, object: one }], pods, namespaces: [], nodes, agents })[0],
    'one policy has one status',
  );
}

describe('the status of a policy', () => {
  it('is in force when every node with its pods says so, since the last of them', () => {
    const later = '2026-01-01T00:05:00.000Z';
    const other = agent('n2', report({ selecting: { total: 1, items: [{ uid: 'u', generation: 2, pods: 1, since: later }] } }));
    const found = status({ agents: [agent('n1'), other], nodes: [node('n1'), node('n2')], pods: [pod('a', 'n1'), pod('b', 'n2')] });
    expect(found).toMatchObject({ state: 'in force', since: later, pods: 2, otherNodes: 0, notReady: [] });
    expect(found.nodes.map((row) => `${row.node} ${row.state} ${row.pods} ${row.since}`)).toEqual([
      `n1 in force 1 ${since}`,
      `n2 in force 1 ${later}`,
    ]);
  });

  it.each<[string, Partial<NodeReport>, PolicyStatus['state']]>([
    ['an older version of the policies is pending', { policyVersion: '99', selecting: none }, 'pending'],
    [
      'a shorter number is an older version',
      { policyVersion: '99', selecting: { total: 1, items: [{ uid: 'u', generation: 1, pods: 1, since }] } },
      'pending',
    ],
    ['the generation counts where only metadata has changed', { policyVersion: '99' }, 'in force'],
    ['fewer pods than there are is pending', { selecting: none }, 'pending'],
    [
      'a longer list than it shows says nothing against it',
      { selecting: { total: 2, items: [{ uid: 'v', generation: 1, pods: 1, since }] } },
      'in force',
    ],
    ['trouble does not take back what is in force', { state: 'failing', problem: 'no memory' }, 'in force'],
    ['trouble holds up what is not', { state: 'failing', problem: 'no memory', policyVersion: '99', selecting: none }, 'pending'],
    [
      'a refusal is refused',
      { refused: { total: 1, items: [{ namespace: 'demo', name: 'p', uid: 'u', inForce: 'accepted', reason: 'r' }] } },
      'refused',
    ],
    [
      'the refusal of another is nothing',
      { refused: { total: 1, items: [{ namespace: 'demo', name: 'q', uid: 'v', inForce: 'closed', reason: 'r' }] } },
      'in force',
    ],
    ['more refusals than are listed are unknown', { refused: { total: 9, items: [] } }, 'unknown'],
    [
      'a pod in quarantine is refused',
      { quarantined: { total: 1, items: [{ namespace: 'demo', name: 'a', uid: 'uid-a', reason: 'r' }] } },
      'refused',
    ],
    [
      'another pod in quarantine is nothing',
      { quarantined: { total: 1, items: [{ namespace: 'demo', name: 'z', uid: 'uid-z', reason: 'r' }] } },
      'in force',
    ],
    ['more pods in quarantine than are listed are unknown', { quarantined: { total: 2, items: [] } }, 'unknown'],
    ['a stopped agent is unknown', { state: 'stopped' }, 'unknown'],
  ])('a node that reports: %s', (_name, said, expected) => {
    expect(status({ agents: [agent('n1', report(said))] }).state).toBe(expected);
  });

  it.each<[string, { readonly ageMs?: number; readonly sinceChangeMs?: number }, PolicyStatus['state']]>([
    ['heard of a moment ago', { ageMs: 59_000 }, 'in force'],
    ['silent for longer than its Lease lasts', { ageMs: 61_000 }, 'unknown'],
    ['with a clock a little ahead', { ageMs: -30_000 }, 'in force'],
    ['with a clock far ahead', { ageMs: -600_000 }, 'unknown'],
    ['with a wrong clock, seen to write', { ageMs: 900_000, sinceChangeMs: 5_000 }, 'in force'],
    ['seen to write and then silent, whatever its clock says', { ageMs: -10_000, sinceChangeMs: 61_000 }, 'unknown'],
  ])('an agent %s', (_name, heard, expected) => {
    expect(status({ agents: [agent('n1', report(), heard)] }).state).toBe(expected);
  });

  it('asks the nodes that are ready and have its pods, and any other whose agent is silent', () => {
    const well = agent('n2', report({ policyVersion: '1', selecting: none }));
    const nodes = [node('n1'), node('n2'), node('n3'), node('n4', 'False')];
    const pods = [pod('a', 'n1'), pod('b', 'n4')];
    expect(status({ agents: [agent('n1'), well], nodes, pods })).toMatchObject({ state: 'in force', otherNodes: 1, notReady: ['n4'] });
    const silent = agent('n3', report({ selecting: none }), { ageMs: 100_000 });
    const found = status({ agents: [agent('n1'), well, silent], nodes, pods });
    expect(found).toMatchObject({ state: 'unknown', otherNodes: 1 });
    expect(found.nodes.map((row) => `${row.node} ${row.state}`)).toEqual(['n1 in force', 'n3 unknown']);
    expect(found.nodes[1]?.reason).toContain('last heard of 100 s ago');
    expect(status({ agents: [well], nodes: [node('n1'), node('n2')] }).nodes[0]?.reason).toContain('no agent has ever reported');
  });

  it('counts the pods that can talk: with an address, not finished, not on the way out, not on the network of the node', () => {
    const pods = [
      pod('starting', 'n1', { ip: '' }),
      pod('leaving', 'n1', { metadata: { deletionTimestamp: since } }),
      pod('other', 'n1', { labels: {} }),
      { ...pod('finished', 'n1'), status: { phase: 'Failed' as const, podIPs: [{ ip: '10.0.0.2' }] } },
      { ...pod('host', 'n1'), spec: { nodeName: 'n1', hostNetwork: true, containers: [] } },
      pod('counted', 'n1'),
    ];
    expect(status({ agents: [agent('n1')], pods }).pods).toBe(1);
  });

  it('says which fields of a policy in force an agent does not know', () => {
    const reason = 'spec.ingress[0].form: unknown field: spec.ingress[0] allows nothing';
    const partlyKnown = { total: 1, items: [{ namespace: 'demo', name: 'p', uid: 'u', reason }] };
    expect(status({ agents: [agent('n1', report({ partlyKnown }))] })).toMatchObject({
      state: 'in force',
      nodes: [{ node: 'n1', state: 'in force', unknownFields: reason }],
    });
  });

  it('waits for a reader when it selects nobody: then nobody else has to refuse it', () => {
    const unread = agent('n1', report({ policyVersion: '99', selecting: none }));
    expect(status({ agents: [unread], pods: [] })).toMatchObject({ state: 'pending', pods: 0, nodes: [] });
    expect(status({ agents: [agent('n1', report({ selecting: none }))], pods: [] })).toMatchObject({
      state: 'in force',
      pods: 0,
      nodes: [],
    });
    expect(status({ agents: [], pods: [] }).state).toBe('pending');
  });

  it('takes a policy whose selector cannot be read for one of all pods, as the engine does', () => {
    const odd = { ...policy, spec: { podSelector: { matchLabels: 7 } } } as unknown as NetworkPolicy;
    expect(status({ agents: [agent('n1')], pods: [pod('a', 'n1', { labels: {} })], policy: odd }).pods).toBe(1);
  });

  it('is told for the policies of every API: of the cluster by the labels of namespaces, staged ones not at all', () => {
    const kindOf = (kind: string): PolicyKind =>
      defined(
        calicoCompiler.policyKinds.find((one) => one.kind === kind),
        'Calico has the kind',
      );
    const spec = { namespaceSelector: 'team == "a"', selector: 'app == "x"', ingress: [{ action: 'Deny' }] };
    // As Calico up to 3.31 stores it: under its tier's name, with that of people beside it.
    const annotations = { 'projectcalico.org/metadata': '{"name":"g"}' };
    const metadata = { name: 'default.g', annotations, uid: 'u', generation: 2, resourceVersion: '100' };
    const all = policyStatuses({
      policies: ['GlobalNetworkPolicy', 'StagedGlobalNetworkPolicy'].map((kind) => ({
        kind: kindOf(kind),
        object: { apiVersion: 'crd.projectcalico.org/v1', kind, metadata, spec } as KubeObject,
      })),
      pods: [pod('a', 'n1'), pod('elsewhere', 'n1', { metadata: { namespace: 'other' } })],
      namespaces: [{ metadata: { name: 'demo', labels: { team: 'a' } } }, { metadata: { name: 'other' } }],
      nodes: [node('n1')],
      agents: [agent('n1', report({ policyVersion: '1', versions: { 'globalnetworkpolicies.crd.projectcalico.org': '100' } }))],
    });
    expect(all).toMatchObject([{ kind: 'GlobalNetworkPolicy', namespace: '', name: 'g', state: 'in force', pods: 1 }]);
  });
});
