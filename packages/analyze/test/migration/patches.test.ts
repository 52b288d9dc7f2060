import { compileNetworkPolicy } from '@weir/compile';
import { formatManifest, type NetworkPolicy, type NetworkPolicySpec, parseManifest } from '@weir/kube';
import {
  flowsOf,
  generateWorld,
  NetworkPolicyOracle,
  type OracleEngine,
  objectsOf,
  runSize,
  shopObjects,
  type World,
  type WorldFlow,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { planMigration } from '../../src/index.ts';
import { flowName } from './world-flows.ts';

const { namespace, node, pod, policy } = shopObjects;

const cluster = [
  namespace('shop'),
  node('n1', '10.224.0.4'),
  node('n2', '10.224.0.5'),
  pod('web', { ip: '10.224.1.2', node: 'n1', ports: [{ containerPort: 80, name: 'http' }] }),
  pod('db', { ip: '10.224.2.2', node: 'n2' }),
  pod('db', { name: 'db-2', ip: '10.224.2.3', node: 'n2' }),
  pod('cache', {
    ip: '10.224.2.200',
    node: 'n2',
    ports: [
      { containerPort: 8080, name: 'http' },
      { containerPort: 8080, name: 'cached' },
    ],
  }),
];
const windows = [
  node('w1', '10.224.0.6', 'windows'),
  pod('win', { ip: '10.224.3.2', node: 'w1', ports: [{ containerPort: 8080, name: 'http' }] }),
];
const web: NetworkPolicySpec = { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'] };

interface Case {
  readonly why: string;
  readonly hop: readonly [OracleEngine, OracleEngine];
  readonly spec: NetworkPolicySpec;
  readonly patched: object;
  readonly gained: number;
}

const cases: readonly Case[] = [
  {
    why: 'a block over some pods gets the label that they alone have',
    hop: ['calico', 'cilium'],
    spec: { ...web, egress: [{ to: [{ ipBlock: { cidr: '10.224.2.0/29' } }] }] },
    patched: { egress: [{ to: [{ ipBlock: { cidr: '10.224.2.0/29' } }, { podSelector: { matchLabels: { app: 'db' } } }] }] },
    gained: 0,
  },
  {
    why: 'a block over one of two equal pods selects both, and that is counted',
    hop: ['calico', 'cilium'],
    spec: { ...web, egress: [{ to: [{ ipBlock: { cidr: '10.224.2.3/32' } }] }] },
    patched: { egress: [{ to: [{ ipBlock: { cidr: '10.224.2.3/32' } }, { podSelector: { matchLabels: { app: 'db' } } }] }] },
    gained: 1,
  },
  {
    why: 'a block over all pods selects every namespace',
    hop: ['azure', 'cilium'],
    spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] },
    patched: { ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { namespaceSelector: {} }] }] },
    gained: 0,
  },
  {
    why: 'a port name with several numbers becomes a rule for each, with the pods that the rule means',
    hop: ['calico', 'cilium'],
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ ipBlock: { cidr: '10.224.2.200/32' } }, { podSelector: { matchLabels: { app: 'web' } } }],
          ports: [{ port: 'http' }, { port: 443 }],
        },
      ],
    },
    patched: {
      egress: [
        {
          to: [
            { ipBlock: { cidr: '10.224.2.200/32' } },
            { podSelector: { matchLabels: { app: 'web' } } },
            { podSelector: { matchLabels: { app: 'cache' } } },
          ],
          ports: [{ protocol: 'TCP', port: 443 }],
        },
        { to: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ protocol: 'TCP', port: 80 }] },
        { to: [{ podSelector: { matchLabels: { app: 'cache' } } }], ports: [{ protocol: 'TCP', port: 8080 }] },
      ],
    },
    gained: 0,
  },
  {
    why: 'a port name alone becomes rules that open no port of anybody else',
    hop: ['azure', 'cilium'],
    spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'http' }] }] },
    patched: {
      egress: [
        { to: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ protocol: 'TCP', port: 80 }] },
        { to: [{ podSelector: { matchLabels: { app: 'cache' } } }], ports: [{ protocol: 'TCP', port: 8080 }] },
      ],
    },
    gained: 0,
  },
  {
    why: 'a port name that was a number of every destination becomes that number',
    hop: ['cilium', 'calico'],
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: {} }], ports: [{ port: 'cached' }] }],
    },
    patched: { egress: [{ to: [{ podSelector: {} }], ports: [{ protocol: 'TCP', port: 8080 }] }] },
    gained: 0,
  },
  {
    why: 'towards the own node the addresses of the nodes are allowed where blocks mean nodes',
    hop: ['azure', 'calico'],
    spec: { ...web, egress: [] },
    patched: { egress: [{ to: [{ ipBlock: { cidr: '10.224.0.4/31' } }] }] },
    gained: 1,
  },
];

const replaced = (world: World, patches: readonly NetworkPolicy[]): World => {
  const byName = new Map(patches.map((patch) => [`${patch.metadata.namespace ?? ''}/${patch.metadata.name ?? ''}`, patch]));
  return {
    ...world,
    networkPolicies: world.networkPolicies.map((old) => byName.get(`${old.metadata.namespace ?? ''}/${old.metadata.name ?? ''}`) ?? old),
  };
};

describe('a proposed patch', () => {
  it.each(cases)('is made so that $why', ({ hop: [from, to], spec, patched, gained }) => {
    const report = planMigration({ objects: [...cluster, policy('p', spec)], from, to });
    expect(report.patches[0]?.patched?.spec).toMatchObject(patched);
    expect(report.afterPatches?.pairs.gained).toBe(gained);
  });

  it.each([
    ['named ports become numbers', 'azure', 'calico', { ports: [{ port: 'http' }] }, { ports: [{ protocol: 'TCP', port: 8080 }] }],
    [
      'exceptions become the blocks around them',
      'azure',
      'calico',
      { from: [{ ipBlock: { cidr: '10.224.2.0/30', except: ['10.224.2.0/31'] } }] },
      { from: [{ ipBlock: { cidr: '10.224.2.2/31' } }] },
    ],
    [
      'negative selectors become the labels of those that they select',
      'calico',
      'kubernetes',
      { from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web', 'win'] }] } }] },
      { from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['cache', 'db'] }] } }] },
    ],
  ] as const)('says in other words what Windows lacks: %s', (_, from, to, rule, expected) => {
    const objects = [...cluster, ...windows, policy('p', { podSelector: { matchLabels: { app: 'win' } }, ingress: [rule] })];
    const report = planMigration({ objects, from, to });
    expect(report.patches.map(({ patched }) => patched?.spec?.ingress)).toEqual([[expected]]);
    const lost = (objects: typeof report.objects): string[] =>
      objects.flatMap(({ changes }) =>
        changes.flatMap(({ flows }) => flows.map((flow) => `${flow.sources} → ${flow.destinations}: ${flow.traffic}`)),
      );
    // Other flows are lost still where the old engine enforced nothing; those of the rule are not.
    expect(lost(report.afterPatches?.objects ?? [])).not.toEqual(lost(report.objects));
    expect(lost(report.afterPatches?.objects ?? []).join('\n')).not.toMatch(/[:;] TCP(,|;|$| 80(80)?\b)/m);
  });

  it('does not undo a policy that the old engine never enforced: that it will hold is told', () => {
    const spec = { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }] }] };
    const [patch] = planMigration({ objects: [...cluster, policy('p', spec)], from: 'azure', to: 'cilium' }).patches;
    expect(patch).toMatchObject({ edits: [], unpatched: [{ cause: 'IPv6', reason: expect.stringContaining('never enforced') }] });
  });

  it('for nodes, which no NetworkPolicy names with Cilium, is a CiliumNetworkPolicy beside it', () => {
    const spec = { ...web, egress: [{ to: [{ ipBlock: { cidr: '10.224.0.5/32' } }], ports: [{ port: 22 }, { protocol: 'UDP' }] }] };
    const { patches, afterPatches } = planMigration({ objects: [...cluster, policy('p', spec)], from: 'azure', to: 'cilium' });
    expect(patches).toMatchObject([{ edits: [], unpatched: [] }]);
    expect(patches[0]?.patched).toBeUndefined();
    expect(patches[0]?.added).toEqual({
      what: ['lets other nodes be reached', 'lets the own node be reached'],
      policy: {
        apiVersion: 'cilium.io/v2',
        kind: 'CiliumNetworkPolicy',
        metadata: { namespace: 'shop', name: 'p-nodes' },
        spec: {
          endpointSelector: { matchLabels: { app: 'web' } },
          egress: [
            {
              toEntities: ['remote-node'],
              toPorts: [
                {
                  ports: [
                    { port: '22', protocol: 'TCP' },
                    { port: '1', endPort: 65_535, protocol: 'UDP' },
                  ],
                },
              ],
            },
            { toEntities: ['host'] },
          ],
        },
      },
    });
    expect(afterPatches).toEqual({ objects: [], pairs: { lost: 0, gained: 0 } });
  });

  it('is proposed once: nothing is, where its objects are there already', () => {
    const spec = { ...web, egress: [{ to: [{ ipBlock: { cidr: '10.224.0.4/31' } }, { podSelector: {} }] }] };
    const { patches } = planMigration({ objects: [...cluster, policy('p', spec)], from: 'azure', to: 'cilium' });
    const added = patches.flatMap((patch) => patch.added?.policy ?? []);
    expect(added).toHaveLength(1);
    expect(planMigration({ objects: [...cluster, policy('p', spec), ...added], from: 'azure', to: 'cilium' })).toMatchObject({
      objects: [],
      patches: [],
    });
  });

  it('says what the policy for nodes allows besides, where a block held some of them only', () => {
    const spec = { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ ipBlock: { cidr: '10.224.0.5/32' } }] }] };
    const objects = [...cluster, node('n3', '10.224.0.9'), policy('p', spec)];
    const { afterPatches } = planMigration({ objects, from: 'calico', to: 'cilium' });
    expect(afterPatches).toMatchObject({
      pairs: { lost: 0, gained: 1 },
      objects: [
        {
          kind: 'CiliumNetworkPolicy',
          name: 'p-nodes',
          changes: [
            { cause: 'patch', before: 'deny', after: 'allow', flows: [{ example: { source: 'node n3', destination: 'shop/web' } }] },
          ],
        },
      ],
    });
  });

  it('is YAML that kubectl reads back as it is, without what kubectl had noted in it', () => {
    const given = policy('on', { ...web, egress: [{ to: [{ ipBlock: { cidr: '10.224.2.0/29' } }] }] });
    const annotated = {
      ...given,
      metadata: { ...given.metadata, annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', a: 'yes' } },
    };
    const patched = planMigration({ objects: [...cluster, annotated], from: 'calico', to: 'cilium' }).patches.flatMap(
      (patch) => patch.patched ?? [],
    );
    const [read] = parseManifest(formatManifest(patched), 'patch.yaml').documents;
    expect(read?.object).toEqual(patched[0]);
    expect(patched[0]?.metadata).toEqual({ namespace: 'shop', name: 'on', annotations: { a: 'yes' } });
  });
});

const hops: readonly (readonly [OracleEngine, OracleEngine])[] = [
  ['azure', 'cilium'],
  ['calico', 'cilium'],
  ['azure', 'calico'],
  ['kubernetes', 'azure'],
];
const { firstSeed, count } = runSize(6);

describe.each(hops)('patches from %s to %s', (from, to) => {
  // The last has rules with several names of ports, each of several numbers, behind blocks that hold pods.
  it.each([...Array.from({ length: count }, (_, i) => 23_000 + firstSeed + i), 40_006])(
    'keep what was allowed, by the oracle, in world %i',
    (seed) => {
      const world = generateWorld(seed);
      const report = planMigration({ objects: objectsOf(world), from, to });
      const patches = report.patches.flatMap(({ patched }) => patched ?? []);
      for (const patch of patches) expect(compileNetworkPolicy(patch).diagnostics).toEqual([]);
      const today = new NetworkPolicyOracle(world, from);
      const plain = new NetworkPolicyOracle(world, to);
      const then = new NetworkPolicyOracle(replaced(world, patches), to);
      const lost = (after: NetworkPolicyOracle, flow: WorldFlow): boolean => today.verdict(flow).allowed && !after.verdict(flow).allowed;
      const flows = flowsOf(world);
      // What no NetworkPolicy says stands beside it; this oracle reads none of it, and its comparison is the evaluator's.
      for (const { added } of report.patches) if (added !== undefined) expect(to).toBe('cilium');
      if (from === 'calico' && to === 'cilium') expect(report.afterPatches?.pairs.lost ?? 0).toBe(0);
      const newlyLost = flows.filter((flow) => lost(then, flow) && !lost(plain, flow)).map(flowName);
      expect(newlyLost).toEqual([]);
      // Between pods a block is all that differs without IPv6 policies that azure ignores, and that is always patched.
      if (from === 'calico') {
        const betweenPods = flows.filter(({ source, destination }) => source.kind === 'pod' && destination.kind === 'pod');
        expect(betweenPods.filter((flow) => lost(then, flow)).map(flowName)).toEqual([]);
      }
      const remaining = report.afterPatches?.pairs ?? report.pairs;
      const reported = flows.some((flow) => flow.source.kind === 'pod' && flow.destination.kind === 'pod' && lost(then, flow));
      if (reported) expect(remaining.lost).toBeGreaterThan(0);
      const gained = flows.some((flow) => !today.verdict(flow).allowed && then.verdict(flow).allowed);
      if (gained) expect(remaining.gained).toBeGreaterThan(0);
    },
  );
});
