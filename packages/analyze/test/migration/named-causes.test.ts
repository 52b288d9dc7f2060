import type { KubeObject } from '@weir/kube';
import { assumeCluster, assumedPodRange } from '@weir/snapshot';
import { shopObjects } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { changesAnything, type MigrationReport, planMigration, renderMigration } from '../../src/index.ts';

const { namespace, node, pod, policy, service } = shopObjects;

const linux = [
  namespace('shop'),
  node('n1', '10.224.0.4'),
  node('n2', '10.224.0.5'),
  pod('web', { ip: '10.224.1.2', node: 'n1', ports: [{ containerPort: 80, name: 'http' }] }),
  pod('db', { ip: '10.224.2.2', node: 'n2', ports: [{ containerPort: 5432 }] }),
];
const mixed = [
  ...linux,
  node('w1', '10.224.0.6', 'windows'),
  pod('win', { ip: '10.224.3.2', node: 'w1', ports: [{ containerPort: 80, name: 'http' }] }),
];

interface Case {
  readonly why: string;
  readonly from: MigrationReport['from'];
  readonly to: MigrationReport['to'];
  readonly cluster?: readonly KubeObject[];
  readonly spec: object;
  /** Cause, change, field, and the example of the first group. */
  readonly expected: readonly (readonly [cause: string, change: string, field: string | undefined, example: string])[];
}

const cases: readonly Case[] = [
  {
    why: 'an ipBlock that holds pods stops meaning them with Cilium',
    from: 'calico',
    to: 'cilium',
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.224.2.0/24' } }] }],
    },
    expected: [['ipBlock over pods', 'lost', 'spec.egress[0].to[0].ipBlock', 'shop/web → shop/db TCP/5432']],
  },
  {
    why: 'an ipBlock that holds nodes stops meaning them with Cilium, for ingress too',
    from: 'calico',
    to: 'cilium',
    spec: { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ ipBlock: { cidr: '10.224.0.0/24' } }] }] },
    // Its own node reaches a pod in any case.
    expected: [['ipBlock over nodes', 'lost', 'spec.ingress[0].from[0].ipBlock', 'node n2 → shop/web TCP/80']],
  },
  {
    why: 'egress rules begin to hold towards the own node',
    from: 'azure',
    to: 'calico',
    spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] },
    expected: [['own node', 'lost', undefined, 'shop/web → node n1 TCP/80']],
  },
  {
    why: 'they stop to hold towards it with Azure NPM',
    from: 'cilium',
    to: 'azure',
    spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [] },
    expected: [['own node', 'gained', undefined, 'shop/web → node n1 TCP/80']],
  },
  {
    why: 'a policy with an IPv6 block, which Azure NPM never enforced, begins to hold',
    from: 'azure',
    to: 'calico',
    spec: { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }] }] },
    expected: [['IPv6', 'lost', 'spec.ingress[0].from[0].ipBlock.cidr', 'shop/db → shop/web TCP/80']],
  },
  {
    why: 'a named port on Windows is ignored by Azure NPM, and closes the pods with Calico',
    from: 'azure',
    to: 'calico',
    cluster: mixed,
    spec: { podSelector: { matchLabels: { app: 'win' } }, ingress: [{ ports: [{ port: 'http' }] }] },
    expected: [['Windows', 'lost', 'spec.ingress[0].ports[0].port', 'shop/web → shop/win TCP/80']],
  },
  {
    why: 'a negative selector on Windows, which Azure NPM ignores, holds with Calico',
    from: 'azure',
    to: 'calico',
    cluster: mixed,
    spec: {
      podSelector: { matchLabels: { app: 'win' } },
      ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }] } }] }],
    },
    expected: [['Windows', 'lost', 'spec.ingress[0].from[0].podSelector.matchExpressions[0]', 'shop/db → shop/win TCP/80']],
  },
];

describe('what changes with another engine', () => {
  it.each(cases)('$why ($from to $to)', ({ from, to, cluster = linux, spec, expected }) => {
    const report = planMigration({ objects: [...cluster, policy('p', spec)], from, to });
    const [changed, ...others] = report.objects;
    expect(others).toEqual([]);
    const told = changed?.changes.map(({ cause, change, field, flows }) => {
      const { source, destination, protocol, port } = flows[0]?.example ?? { source: '', destination: '', protocol: '' };
      return [cause, change, field, `${source} → ${destination} ${protocol}/${port ?? ''}`];
    });
    expect(told).toEqual(expected);
    expect(changesAnything(report)).toBe(true);
  });

  it('is nothing where both engines judge every flow alike', () => {
    const spec = {
      podSelector: {},
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }, { ipBlock: { cidr: '203.0.113.0/24' } }] }],
    };
    const report = planMigration({ objects: [...linux, policy('p', spec)], from: 'azure', to: 'cilium' });
    expect(report).toMatchObject({ objects: [], obstacles: [], pairs: { lost: 0, gained: 0 } });
    expect(changesAnything(report)).toBe(false);
  });

  it('tells policies of two APIs apart that have the same name', () => {
    const ofKubernetes = policy('p', {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.224.2.0/24' } }] }],
    });
    const ofCalico: KubeObject = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'NetworkPolicy',
      metadata: { name: 'p', namespace: 'shop' },
      spec: { selector: 'app == "db"', types: ['Ingress'], ingress: [{ action: 'Allow', source: { nets: ['10.224.1.0/24'] } }] },
    } as KubeObject;
    const report = planMigration({ objects: [...linux, ofKubernetes, ofCalico], from: 'calico', to: 'cilium' });
    expect(report.objects).toHaveLength(2);
    expect(report.objects.flatMap(({ changes }) => changes.map(({ field }) => field))).toEqual(['spec.egress[0].to[0].ipBlock', undefined]);
  });

  it('names pods on the host network with the node whose address they share', () => {
    const agent = pod('agent', { ip: '10.224.0.5', node: 'n2', ports: [{ containerPort: 9100 }], hostNetwork: true });
    const spec = {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.224.0.5/32' } }] }],
    };
    const report = planMigration({ objects: [...linux, agent, policy('p', spec)], from: 'calico', to: 'cilium' });
    expect(report.objects[0]?.changes[0]?.flows[0]?.destinations).toBe("node n2 with the pods on the host's network: shop/agent");
  });

  it('is not judged for pods on Windows where the new engine does not run there: that is told as an obstacle', () => {
    const report = planMigration({ objects: mixed, from: 'azure', to: 'cilium' });
    expect(report.obstacles).toEqual(['Cilium runs on Linux only; the cluster has 1 Windows node']);
    expect(changesAnything(report)).toBe(true);
  });

  it('stays readable in a large cluster: a thousand pods of one kind are one line', () => {
    const many = Array.from({ length: 1_000 }, (_, i) =>
      pod('db', { name: `db-${i}`, ip: `10.225.${i >> 8}.${i & 255}`, node: 'n2', ports: [{ containerPort: 5432 }] }),
    );
    const spec = {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.225.0.0/16' } }], ports: [{ port: 5432 }] }],
    };
    const report = planMigration({ objects: [...linux, ...many, policy('p', spec)], from: 'calico', to: 'cilium' });
    const lines = renderMigration(report);
    expect(report.pairs.lost).toBe(1_000);
    expect(lines.filter((line) => line.includes('→ shop app=db (1000 pods): TCP 5432'))).toHaveLength(1);
    expect(lines.length).toBeLessThan(20);
  });
});

describe('a port name in an egress rule, towards Cilium', () => {
  const other = pod('other', { ip: '10.224.2.9', node: 'n2', ports: [{ containerPort: 8080, name: 'http' }] });
  const named = { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'http' }] }] };
  const changesOf = (objects: readonly KubeObject[], from: MigrationReport['from'], to: MigrationReport['to']): unknown =>
    planMigration({ objects, from, to }).objects.flatMap(({ changes }) =>
      changes
        .filter(({ cause }) => cause === 'named port')
        .map(({ change, field, flows }) => [change, field, flows.map(({ destinations, traffic }) => `${destinations}: ${traffic}`)]),
    );

  it('is no port any more where pods give it several numbers', () => {
    const objects = [...linux, other, policy('p', named)];
    const field = 'spec.egress[0].ports';
    expect(changesOf(objects, 'calico', 'cilium')).toEqual([['lost', field, ['shop/web: TCP 80', 'shop/other: TCP 8080']]]);
    expect(changesOf(objects, 'cilium', 'calico')).toEqual([['gained', field, ['shop/web: TCP 80', 'shop/other: TCP 8080']]]);
    expect(renderMigration(planMigration({ objects, from: 'calico', to: 'cilium' })).join('\n')).toContain(
      'http (TCP 80 and 8080 in this cluster)',
    );
  });

  it('is that port of every destination where pods give it one number', () => {
    const objects = [...linux, policy('p', named)];
    const gained = changesOf(objects, 'calico', 'cilium');
    expect(JSON.stringify(gained)).toMatch(/^\[\["gained","spec.egress\[0\].ports",\[.*addresses outside like 203.0.113.10: TCP 80/);
    expect(JSON.stringify(gained)).not.toContain('shop/web');
  });

  it('keeps its meaning in an ingress rule, where it is the number of the pod itself', () => {
    const objects = [...linux, other, policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 'http' }] }] })];
    expect(planMigration({ objects, from: 'calico', to: 'cilium' })).toMatchObject({ objects: [], obstacles: [] });
  });
});

describe('endPort', () => {
  it('means the same with every version of Cilium that AKS ships, and that is said', () => {
    const ranged = policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 80, endPort: 90 }] }] });
    const report = planMigration({ objects: [...linux, ranged], from: 'azure', to: 'cilium' });
    expect(changesAnything(report)).toBe(false);
    expect(report.notes).toContainEqual(expect.stringMatching(/^endPort in shop\/p keeps its meaning: Cilium has it since 1\.16/));
  });
});

describe('a service that nodes translate', () => {
  const closed = policy('p', {
    podSelector: { matchLabels: { app: 'web' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }] }],
  });
  const exposed = (spec: object): KubeObject =>
    service('front', { selector: { app: 'web' }, ports: [{ port: 8080, targetPort: 'http' }], ...spec });

  it.each([
    ['cilium', { cidr: '0.0.0.0/0' }],
    // Where blocks mean pods and nodes, these are taken out.
    ['calico', { cidr: '0.0.0.0/0', except: ['10.224.0.4/31', '10.224.1.2/32', '10.224.2.2/32'] }],
  ] as const)('is judged by policies from then on, from azure to %s, and a patch lets its clients in', (to, block) => {
    const report = planMigration({ objects: [...linux, closed, exposed({ type: 'NodePort' })], from: 'azure', to });
    expect(report.objects).toMatchObject([
      {
        kind: 'Service',
        name: 'front',
        changes: [
          {
            change: 'lost',
            cause: 'NodePort',
            flows: [{ destinations: 'shop/web', traffic: 'TCP 80', example: { source: '203.0.113.10', destination: 'shop/web' } }],
          },
        ],
      },
    ]);
    expect(report.patches[0]?.patched?.spec?.ingress?.[1]).toEqual({ from: [{ ipBlock: block }], ports: [{ protocol: 'TCP', port: 80 }] });
    expect(report.afterPatches?.objects.filter(({ kind }) => kind === 'Service')).toEqual([]);
    expect(
      report.afterPatches?.objects.flatMap(({ changes }) => changes.flatMap(({ flows }) => flows.map(({ sources }) => sources))),
    ).toEqual(['addresses outside like 203.0.113.10']);
  });

  it('keeps its meaning where the client comes with its own address, or policies let it in', () => {
    const open = policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ ports: [{ port: 80 }] }] });
    const changed = (...objects: readonly KubeObject[]): unknown =>
      planMigration({ objects: [...linux, ...objects], from: 'azure', to: 'cilium' }).objects;
    expect(changed(closed, exposed({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }))).toEqual([]);
    expect(changed(closed, exposed({ type: 'ClusterIP' }))).toEqual([]);
    expect(changed(open, exposed({ type: 'LoadBalancer' }))).toEqual([]);
  });

  it('is compared although its pods are not ready at the moment', () => {
    const waiting = linux.map((object) =>
      object.metadata.name === 'web' && object.kind === 'Pod'
        ? ({
            ...object,
            status: {
              phase: 'Pending',
              podIP: '10.224.1.2',
              podIPs: [{ ip: '10.224.1.2' }],
              conditions: [{ type: 'Ready', status: 'False' }],
            },
          } as KubeObject)
        : object,
    );
    const report = planMigration({ objects: [...waiting, closed, exposed({ type: 'NodePort' })], from: 'azure', to: 'cilium' });
    expect(report.objects).toMatchObject([{ kind: 'Service', name: 'front' }]);
  });

  it('loses what another node hands on where a block meant the nodes', () => {
    const nodes = policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] });
    const report = planMigration({ objects: [...linux, nodes, exposed({ type: 'NodePort' })], from: 'calico', to: 'cilium' });
    const [told] = report.objects.filter(({ kind }) => kind === 'Service');
    expect(told?.changes).toMatchObject([
      { change: 'lost', cause: 'ipBlock over nodes', flows: [{ example: { source: 'node n2', destination: 'shop/web' } }] },
    ]);
    expect(report.patches.flatMap(({ added }) => added?.policy ?? [])).toMatchObject([
      { kind: 'CiliumNetworkPolicy', spec: { ingress: [{ fromEntities: ['remote-node'] }] } },
    ]);
    expect(report.afterPatches?.pairs.lost).toBe(0);
    expect(report.afterPatches?.objects.filter(({ kind }) => kind === 'Service')).toEqual([]);
  });
});

describe('policies of an engine’s own kinds', () => {
  const deny = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkPolicy',
    metadata: { name: 'no-web' },
    spec: {
      selector: "app == 'db'",
      types: ['Ingress'],
      ingress: [{ action: 'Deny', source: { selector: "app == 'web'" } }, { action: 'Allow' }],
    },
  } as KubeObject;

  it('are compared as what they are', () => {
    const report = planMigration({ objects: [...linux, deny], from: 'calico', to: 'cilium' });
    expect(report).toMatchObject({
      compared: { policies: 1 },
      obstacles: ['Cilium does not read GlobalNetworkPolicy'],
      objects: [
        {
          kind: 'GlobalNetworkPolicy',
          namespace: '',
          name: 'no-web',
          changes: [
            { change: 'gained', before: 'deny', after: 'allow', flows: [{ example: { source: 'shop/web', destination: 'shop/db' } }] },
          ],
        },
      ],
    });
    expect(report.notes).toContainEqual(expect.stringContaining('weir convert --to cilium'));
    const text = renderMigration(report).join('\n');
    expect(text).toMatch(/^Calico → Cilium: 1 of 1 policy and /);
    expect(text).toMatch(/^GlobalNetworkPolicy no-web$/m);
    expect(text).toContain('such as shop/web → shop/db TCP/5432: deny → allow');
  });
});

describe('what is not compared', () => {
  const notesOf = (objects: readonly KubeObject[], from: MigrationReport['from'], to: MigrationReport['to']): readonly string[] =>
    planMigration({ objects, from, to }).notes;

  it('is told of pods on Windows, with the policies that are theirs alone', () => {
    const own = policy('iis', { podSelector: { matchLabels: { app: 'win' } } });
    const shared = policy('all', { podSelector: {} });
    expect(notesOf([...mixed, own, shared], 'calico', 'cilium')).toContainEqual(
      'what policies say of the pod on Windows is not compared, because Cilium does not run there: shop/iis is about no other',
    );
    // Azure NPM enforces none with a name of a port on Windows.
    const named = policy('named', { podSelector: { matchLabels: { app: 'win' } }, ingress: [{ ports: [{ port: 'http' }] }] });
    expect(notesOf([...mixed, named], 'azure', 'cilium').join()).toContain('does not run there: shop/named is about no other');
    expect(notesOf([...mixed, own], 'azure', 'calico').join()).not.toContain('Windows');
  });

  it('is told of IPv6 where policies have blocks of it and no pod has an address', () => {
    const six = policy('six', { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 'fd00::/8' } }] }] });
    expect(notesOf([...linux, six], 'calico', 'cilium')).toContainEqual(
      'IPv6 is not compared, because no pod has an IPv6 address; shop/six has blocks of it (for manifests, --pod-cidr gives one)',
    );
    expect(notesOf(linux, 'calico', 'cilium').join()).not.toContain('IPv6');
  });
});

describe('manifests without a cluster', () => {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'db', namespace: 'shop' },
    spec: { replicas: 5, template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image: 'db' }] } } },
  } as KubeObject;

  it('are judged with pods of their workloads on nodes and addresses that are assumed, and said', () => {
    const { objects, notices } = assumeCluster([deployment, policy('p', { podSelector: {} })], assumedPodRange);
    const kinds = objects.map((entry) => ('object' in entry ? entry.object : entry)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'Pod')).toHaveLength(2);
    expect(kinds.filter((kind) => kind === 'Node')).toHaveLength(2);
    expect(notices).toEqual([
      '2 pods are made from the templates of workloads',
      'there is no Node: assumed are node1, node2',
      '2 pods have no address: assumed are addresses of 10.224.0.0/16',
      'namespaces that are not among the manifests are judged as without labels: shop',
    ]);
  });

  it('stay what they are where they are a dump of a cluster', () => {
    const { objects, notices } = assumeCluster([...linux, deployment], assumedPodRange);
    expect(objects.filter((entry) => !('object' in entry) && entry.kind === 'Pod')).toHaveLength(2);
    expect(notices).toEqual([]);
  });
});
