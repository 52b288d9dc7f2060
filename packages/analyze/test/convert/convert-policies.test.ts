/** Whole sets of policies in another API's words, judged by the oracle of Kubernetes NetworkPolicy. */
import { convertPolicies } from '@weir/analyze';
import type { KubeObject, NetworkPolicy } from '@weir/kube';
import { defined } from '@weir/net';
import {
  flowsOf,
  generateWorld,
  NetworkPolicyOracle,
  nodesReferred,
  PlacedEvaluator,
  placePolicies,
  renderFlow,
  type World,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const seeds = Array.from({ length: 10 }, (_, i) => 8_100 + i);

/** The world with policies of egress alone, and none that name ports: what ClusterNetworkPolicies can say. */
function egressWorld(seed: number): World {
  const world = generateWorld(seed);
  const networkPolicies = world.networkPolicies.map(({ metadata, spec, ...policy }): NetworkPolicy => {
    const rules = (spec?.egress ?? []).filter(({ ports = [] }) => ports.every(({ port }) => typeof port !== 'string'));
    return { ...policy, metadata, spec: { podSelector: spec?.podSelector ?? {}, policyTypes: ['Egress'], egress: rules } };
  });
  return { ...world, networkPolicies };
}

const deny: KubeObject & Record<string, unknown> = {
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny', namespace: 'demo' },
  spec: { order: 2, ingress: [{ action: 'Deny', protocol: 'ICMP' }] },
};
const allow: KubeObject & Record<string, unknown> = {
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkPolicy',
  metadata: { name: 'allow', namespace: 'demo' },
  spec: { order: 1, ingress: [{ action: 'Allow' }] },
};

describe('policies in the words of another API', () => {
  it('mean the same together as ClusterNetworkPolicies, which accept first and then deny the rest', () => {
    for (const seed of seeds) {
      const world = egressWorld(seed);
      const conversions = convertPolicies(
        world.networkPolicies.map((object) => ({ object })),
        'ClusterNetworkPolicy',
      );
      expect(conversions.flatMap(({ reasons }) => reasons)).toEqual([]);
      const placed = placePolicies(
        conversions.flatMap(({ objects }) => objects),
        nodesReferred(world),
      );
      const [oracle, evaluator] = [new NetworkPolicyOracle(world), new PlacedEvaluator(world, placed)];
      const different = flowsOf(world).find((flow) => oracle.verdict(flow).allowed !== evaluator.verdict(flow).allowed);
      expect(different === undefined ? undefined : renderFlow(different), `seed ${seed}`).toBeUndefined();
    }
  });

  it('are all left out as ClusterNetworkPolicies when one has no equal, which would come before the others', () => {
    const world = egressWorld(8_100);
    const named = { ...defined(world.networkPolicies[0], 'there is a policy'), metadata: { name: 'closed', namespace: 'demo' } };
    const closed: NetworkPolicy = { ...named, spec: { podSelector: {}, policyTypes: ['Ingress'] } };
    const conversions = convertPolicies(
      [...world.networkPolicies, closed].map((object) => ({ object })),
      'ClusterNetworkPolicy',
    );
    expect(conversions.flatMap(({ objects }) => objects)).toEqual([]);
    expect(conversions.at(-1)?.reasons).toEqual([expect.stringContaining('nothing from outside of the cluster')]);
    expect(conversions[0]?.reasons).toEqual([expect.stringContaining('NetworkPolicy demo/closed cannot be converted')]);
  });

  it.each(['NetworkPolicy', 'Cilium'] as const)('are left out as %s where their order among others decides', (to) => {
    const alone = convertPolicies([{ object: allow }], to);
    expect(alone).toMatchObject([{ of: 'NetworkPolicy demo/allow', reasons: [], objects: [{}] }]);
    const both = convertPolicies([{ object: allow }, { object: deny }], to);
    expect(both[0]?.reasons).toEqual([expect.stringContaining('order: it is judged before or after NetworkPolicy deny')]);
    expect(both[1]?.reasons.length).toBeGreaterThan(0);
  });

  it('are left as they are where they already are of that API, and refused with their errors where they are not valid', () => {
    const broken = { ...deny, spec: { ingress: [{ action: 'Reject' }] } };
    expect(convertPolicies([{ object: allow }, { object: broken }], 'Calico')).toEqual([
      { of: 'NetworkPolicy demo/allow', objects: [allow], reasons: [] },
      { of: 'NetworkPolicy demo/deny', objects: [], reasons: [expect.stringContaining('spec.ingress[0].action')] },
    ]);
  });

  it.each([
    ['nodes by their labels', { fromNodes: [{ matchLabels: { pool: 'a' } }] }],
    ['the own node', { fromEntities: ['host'] }],
  ])('are left out where they mean %s, which only Cilium can name, and never mean everybody instead', (_, peers) => {
    const spec = { endpointSelector: {}, ingress: [{ ...peers, toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }] }] }] };
    const object = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'p', namespace: 'n' }, spec };
    const addresses = [{ type: 'InternalIP', address: '192.168.0.1' }];
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels: { pool: 'a' } }, status: { addresses } };
    for (const to of ['NetworkPolicy', 'Calico', 'ClusterNetworkPolicy'] as const) {
      expect(convertPolicies([{ object }, { object: node }], to)).toMatchObject([
        { objects: [], reasons: expect.arrayContaining([expect.stringContaining('nodes')]) },
      ]);
    }
  });

  it('are left out where they ask for source ports or mean names outside of the cluster alone', () => {
    const fromPort = { ...allow, spec: { egress: [{ action: 'Allow', protocol: 'TCP', source: { ports: [1000] } }], types: ['Egress'] } };
    for (const to of ['NetworkPolicy', 'Cilium', 'ClusterNetworkPolicy'] as const) {
      expect(convertPolicies([{ object: fromPort }], to)[0]?.reasons).toContainEqual(expect.stringContaining('source ports'));
    }
    const spec = { endpointSelector: {}, egress: [{ toFQDNs: [{ matchName: 'example.com' }] }] };
    const names = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'p', namespace: 'n' }, spec };
    expect(convertPolicies([{ object: names }], 'ClusterNetworkPolicy')[0]?.reasons).toContainEqual(
      expect.stringContaining('outside of the cluster alone'),
    );
  });

  it('are left out where blocks mean pods and nodes in one of the APIs, and what is outside of the cluster alone in the other', () => {
    const calico = { ...allow, spec: { ingress: [{ action: 'Allow', source: { nets: ['10.0.0.0/8'] } }] } };
    expect(convertPolicies([{ object: calico }], 'Cilium')[0]).toMatchObject({
      objects: [],
      reasons: expect.arrayContaining(['blocks: those of Cilium mean only what is outside of the cluster']),
    });
    const spec = { endpointSelector: {}, ingress: [{ fromCIDR: ['10.0.0.0/8'] }] };
    const cilium = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'p', namespace: 'n' }, spec };
    expect(convertPolicies([{ object: cilium }], 'Calico')[0]).toMatchObject({
      objects: [],
      reasons: ['blocks: those of Calico mean not only what is outside of the cluster'],
    });
    expect(convertPolicies([{ object: cilium }], 'NetworkPolicy')[0]?.reasons).toEqual([]);
  });
});

describe('policies about interfaces of nodes', () => {
  const group = 'projectcalico.org/v3';
  const ofCluster = (spec: object): KubeObject & Record<string, unknown> => {
    const ingress = [{ action: 'Allow', protocol: 'TCP' }];
    return { apiVersion: group, kind: 'GlobalNetworkPolicy', metadata: { name: 'p' }, spec: { order: 1_000, ingress, ...spec } };
  };
  const host: KubeObject & Record<string, unknown> = {
    apiVersion: group,
    kind: 'HostEndpoint',
    metadata: { name: 'h', labels: { role: 'edge' } },
    spec: { node: 'n', interfaceName: '*' },
  };
  const reasonsOf = (...objects: readonly KubeObject[]): string[] =>
    convertPolicies(
      objects.map((object) => ({ object })),
      'Cilium',
    ).flatMap(({ of, reasons }) => reasons.map((reason) => `${of}: ${reason}`));

  it('are not converted, nor are those that mean such interfaces beside pods', () => {
    const noPolicies = 'GlobalNetworkPolicy p: it is about interfaces of nodes, which Cilium has no policies for';
    expect(reasonsOf(ofCluster({ preDNAT: true, applyOnForward: true }))).toContain(noPolicies);
    expect(reasonsOf(ofCluster({ doNotTrack: true, applyOnForward: true }))).toContain(noPolicies);
    expect(reasonsOf(ofCluster({ applyOnForward: true })).join()).toContain('also about what goes through interfaces of nodes');
    expect(reasonsOf(ofCluster({}))).toEqual([]);
    expect(reasonsOf(ofCluster({}), host)).toEqual([
      'GlobalNetworkPolicy p: it selects the host endpoint h, too, which policies of Cilium do not',
      'HostEndpoint h: it is about interfaces of nodes, which Cilium has no objects for',
    ]);
    expect(reasonsOf(ofCluster({ selector: "role == 'inner'" }), host)).toHaveLength(1);
  });

  it('of Cilium are not converted', () => {
    const policy: KubeObject & Record<string, unknown> = {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumClusterwideNetworkPolicy',
      metadata: { name: 'nodes' },
      spec: { nodeSelector: {}, ingress: [{ fromEntities: ['all'] }] },
    };
    const [conversion] = convertPolicies([{ object: policy }], 'Calico');
    expect([conversion?.objects, conversion?.reasons]).toEqual([[], ['it is about interfaces of nodes, which Calico has no policies for']]);
  });
});
