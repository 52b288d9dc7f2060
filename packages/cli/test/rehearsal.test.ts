import { planRehearsal, type RehearsalPlan } from '@weir/analyze';
import type { KubeObject, Pod } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import { parseAddress } from '@weir/net';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { shopObjects } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { changeBetween } from '../src/actions/measured-change.ts';
import { faultsOfLab } from '../src/actions/rehearsal-faults.ts';
import { limitsOfRehearsal } from '../src/actions/rehearsal-limits.ts';
import { disagrees, isFaulty, type Rehearsal } from '../src/actions/rehearsal-outcome.ts';
import { isUnexpected, type RehearsedFlow, rehearsedFlow } from '../src/actions/rehearsal-probes.ts';
import type { RehearsalTrial } from '../src/actions/rehearsal-trial.ts';
import { rehearsalTrials } from '../src/actions/rehearsal-trials.ts';
import { renderRehearsal } from '../src/actions/render-rehearsal.ts';

const { namespace, node, pod, policy, service } = shopObjects;

const web = { node: 'n1', ports: [{ containerPort: 80, name: 'http' }] };
const db = { node: 'n2', ports: [{ containerPort: 5432 }] };
const closed = policy('closed', { podSelector: { matchLabels: { app: 'db' } } });
const dbService = service('db', { type: 'NodePort', selector: { app: 'db' }, ports: [{ port: 5432, nodePort: 30001 }] });

/** The cluster that is rehearsed. */
const objects: readonly KubeObject[] = [
  namespace('shop'),
  node('n1', '10.50.0.4'),
  node('n2', '10.50.0.5'),
  pod('web', { ip: '10.50.1.2', ...web }),
  pod('db', { ip: '10.50.2.2', ...db }),
  closed,
  dbService,
];

const slice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'shop', name: 'db-x', labels: { 'kubernetes.io/service-name': 'db' } },
  endpoints: [{ addresses: ['10.224.2.9'], conditions: { ready: true } }],
  ports: [{ port: 5432 }],
} as KubeObject;

/** What stands for it, as it is meant to be. */
const inLab: readonly KubeObject[] = [
  namespace('shop'),
  node('n1', '10.224.0.4'),
  node('n2', '10.224.0.5'),
  pod('web', { ip: '10.224.1.9', ...web }),
  pod('db', { ip: '10.224.2.9', ...db }),
  closed,
  service('db', { type: 'NodePort', clusterIPs: ['10.0.0.9'], selector: { app: 'db' }, ports: [{ port: 5432, nodePort: 30001 }] }),
  slice,
];

const calico = engineProfiles.calico;
const meant = loadSnapshot(objects, { profile: calico });
const plan: RehearsalPlan = planRehearsal({ objects, before: meant, after: meant, from: 'calico', to: 'calico' });

/** The lab with some of its objects otherwise, or gone. */
function labWith(change: (object: KubeObject) => KubeObject | undefined): Snapshot {
  return loadSnapshot(
    inLab.flatMap((object) => change(object) ?? []),
    { profile: calico },
  );
}

const faults = (change: Parameters<typeof labWith>[0]): string[] => faultsOfLab({ plan, meant, lab: labWith(change), families: [4] });

const is = (object: KubeObject, kind: string, name: string): boolean => object.kind === kind && object.metadata.name === name;

function trials(lab: Snapshot): RehearsalTrial[] {
  const address = parseAddress('203.0.113.7');
  const hosts = address === undefined ? [] : [{ name: 'outside-1', address }];
  return rehearsalTrials({ meant, lab, ends: new Set(['shop/web', 'shop/db', 'n1', 'n2']), hosts, services: new Set(['shop/db']) });
}

const find = (list: readonly RehearsalTrial[], source: string, destination: string, protocol = 'TCP'): RehearsalTrial => {
  const found = list.find((trial) => trial.source.name === source && trial.destination === destination && trial.protocol === protocol);
  if (found === undefined) throw new Error(`${source} → ${destination} is not tried`);
  return found;
};

describe('a lab of a rehearsal', () => {
  it('has no fault where it holds what the manifests hold', () => {
    expect(faults((object) => object)).toEqual([]);
  });

  it.each<readonly [fault: string, change: Parameters<typeof labWith>[0]]>([
    ['NetworkPolicy shop/closed is not there', (object) => (object === closed ? undefined : object)],
    ['pod shop/db is not there', (object) => (is(object, 'Pod', 'db') ? undefined : object)],
    [
      'pod shop/db does not run: it is Pending',
      (object) => (is(object, 'Pod', 'db') ? ({ ...object, status: { phase: 'Pending' } } as Pod) : object),
    ],
    [
      'pod shop/web runs on node n2',
      (object) => (is(object, 'Pod', 'web') ? pod('web', { ip: '10.224.1.9', ...web, node: 'n2' }) : object),
    ],
    [
      'pod shop/web has no port 80 of the name http',
      (object) => (is(object, 'Pod', 'web') ? pod('web', { ip: '10.224.1.9', node: 'n1' }) : object),
    ],
    [
      'pod shop/web has not the label app=web',
      (object) => (is(object, 'Pod', 'web') ? pod('wed', { name: 'web', ip: '10.224.1.9', ...web }) : object),
    ],
    ['service shop/db is not there', (object) => (is(object, 'Service', 'db') ? undefined : object)],
    ['service shop/db does not lead to shop/db port 5432', (object) => (object === slice ? undefined : object)],
    ['node n2 is not there', (object) => (is(object, 'Node', 'n2') ? undefined : object)],
  ])('is told: %s', (fault, change) => {
    expect(faults(change)).toContain(fault);
  });

  it('is told with a policy that no manifest has', () => {
    const lab = loadSnapshot([...inLab, policy('stray', { podSelector: {} })], { profile: calico });
    expect(faultsOfLab({ plan, meant, lab, families: [4] })).toEqual(['NetworkPolicy shop/stray is there, and in no manifest']);
  });
});

describe('a connection of a rehearsal', () => {
  it('is expected as the manifests have it, where the lab lacks the policy', () => {
    const trial = find(trials(labWith((object) => (object === closed ? undefined : object))), 'shop/web', 'shop/db');
    expect(trial).toMatchObject({ computed: 'deny', inLab: 'allow' });
    const flow = rehearsedFlow(trial, 'refused');
    expect(flow).toMatchObject({ computed: 'deny', inLab: 'allow', measured: 'allow' });
    expect(isUnexpected(flow)).toBe(true);
  });

  it('goes to the address that the pod has in the lab', () => {
    expect(find(trials(labWith((object) => object)), 'shop/db', 'shop/web').address).toEqual(parseAddress('10.224.1.9'));
  });

  it('is tried over ICMP, too, and not over UDP to nodes, which nobody answers', () => {
    const all = trials(labWith((object) => object));
    expect(find(all, 'shop/web', 'node n2', 'ICMP').computed).toBe('allow');
    expect(find(all, 'node n1', 'shop/db', 'ICMP').computed).toBe('deny');
    expect(all.filter(({ destination, protocol }) => destination.startsWith('node') && protocol === 'UDP')).toEqual([]);
  });

  it('into a service that pods serve is none when somebody else refuses it', () => {
    const all = trials(labWith((object) => object));
    const trial = find(all, 'shop/web', 'service shop/db');
    expect(rehearsedFlow(trial, 'connected').measured).toBe('allow');
    expect(rehearsedFlow(trial, 'refused').measured).toBe('deny');
    expect(rehearsedFlow(find(all, 'shop/db', 'shop/web'), 'refused').measured).toBe('allow');
  });

  it('into a service is tried in the families that the service has in the lab alone', () => {
    const dualPod = (ip: string, six: string): KubeObject =>
      Object.assign(pod('web', { ip, ...web }), { status: { phase: 'Running', podIP: ip, podIPs: [{ ip }, { ip: six }] } });
    const dualNode = (ip: string, six: string): KubeObject =>
      Object.assign(node('n1', ip), { status: { addresses: [ip, six].map((address) => ({ type: 'InternalIP', address })) } });
    const exposed = (clusterIPs: readonly string[]): KubeObject =>
      service('web', { type: 'NodePort', clusterIPs, selector: { app: 'web' }, ports: [{ port: 80, nodePort: 30080 }] });
    const host = parseAddress('2001:db8::7');
    const tried = (clusterIPs: readonly string[]): readonly RehearsalTrial[] =>
      rehearsalTrials({
        meant: loadSnapshot([namespace('shop'), dualNode('10.50.0.4', 'fd50::4'), dualPod('10.50.1.2', 'fd50::2'), exposed([])]),
        lab: loadSnapshot([namespace('shop'), dualNode('10.224.0.4', 'fd00::4'), dualPod('10.224.1.2', 'fd00::2'), exposed(clusterIPs)]),
        ends: new Set(['shop/web', 'n1']),
        hosts: host === undefined ? [] : [{ name: 'outside-1', address: host }],
        services: new Set(['shop/web']),
      }).filter(({ destination }) => destination === 'service shop/web at node n1');
    expect(tried(['10.0.0.9'])).toEqual([]);
    expect(tried(['10.0.0.9', 'fd00:10::9']).map(({ family }) => family)).toEqual([6]);
  });

  it('into a service leads to the pods that the manifests have, whatever the lab has', () => {
    const open = labWith((object) => (object === closed ? undefined : object));
    expect(find(trials(open), 'shop/web', 'service shop/db')).toMatchObject({ computed: 'deny', inLab: 'allow' });
    expect(find(trials(open), '203.0.113.7 outside', 'service shop/db at node n1')).toMatchObject({ computed: 'deny', inLab: 'allow' });
  });
});

describe('what changes between the engines of a rehearsal', () => {
  const flow = (destination: string, computed: RehearsedFlow['computed'], measured: RehearsedFlow['measured']): RehearsedFlow => ({
    source: 'shop/web',
    destination,
    family: 4,
    port: 80,
    protocol: 'TCP',
    computed,
    measured,
  });
  const was = [
    flow('a', 'allow', 'allow'),
    flow('b', 'deny', 'deny'),
    flow('c', 'allow', 'allow'),
    flow('d', 'unknown', 'deny'),
    flow('e', 'allow', 'allow'),
  ];
  const becomes = [flow('a', 'deny', 'deny'), flow('b', 'allow', 'allow'), flow('c', 'unknown', 'allow'), flow('d', 'unknown', 'allow')];
  const change = changeBetween(was, becomes);

  it('is what was measured on both, and apart from it what the pod decides that a service draws', () => {
    expect(change.lost.map(({ destination }) => destination)).toEqual(['a']);
    expect(change.gained.map(({ destination }) => destination)).toEqual(['b']);
    expect(change.byChance).toEqual([
      { source: 'shop/web', destination: 'c', family: 4, port: 80, protocol: 'TCP', before: 'allow', after: 'by chance' },
    ]);
  });

  const engine = { engine: 'calico', tried: 5, disagreements: [], faults: [] } as const;
  const rehearsal: Rehearsal = {
    pods: 1,
    nodes: 1,
    hosts: 1,
    omittedPods: 0,
    omittedKinds: 0,
    limits: ['SCTP'],
    changed: change,
    engines: [engine, { ...engine, engine: 'cilium' }],
    patched: { ...changeBetween([], []), tried: 5, disagreements: [], faults: [] },
  };
  const odd = { ...flow('a', 'deny', 'allow'), inLab: 'allow' } as const;

  it('is told with the verdicts of both', () => {
    const text = renderRehearsal({
      ...rehearsal,
      patched: { ...changeBetween([], []), tried: 5, disagreements: [odd], faults: ['pod a is not there'] },
    });
    expect(text).toEqual([
      '',
      'Rehearsed with 1 pod on 1 node and 1 address outside',
      '  not tried: SCTP',
      '  calico: 5 connections tried, 5 as computed from the manifests',
      '  cilium: 5 connections tried, 5 as computed from the manifests',
      '  no longer allowed: 1 connection',
      '    shop/web → a TCP/80: allow → deny',
      '  newly allowed: 1 connection',
      '    shop/web → b TCP/80: deny → allow',
      '  decided by the pod that a service draws: 1 connection',
      '    shop/web → c TCP/80: allow → by chance',
      '  with the patches: 5 connections tried, 4 as computed from the manifests',
      "    shop/web → a TCP/80: computed deny, tried: allow, and the lab's own objects give allow",
      '    the lab is not as the manifests have it: pod a is not there',
      '  with the patches, no longer allowed: 0 connections',
      '  with the patches, newly allowed: 0 connections',
    ]);
  });

  it('counts for nothing where a lab had faults or did otherwise than computed, with the patches, too', () => {
    expect([isFaulty(rehearsal), disagrees(rehearsal)]).toEqual([false, false]);
    const patched = { ...changeBetween([], []), tried: 5, disagreements: [odd], faults: [] };
    expect([isFaulty({ ...rehearsal, patched }), disagrees({ ...rehearsal, patched })]).toEqual([false, true]);
    expect(isFaulty({ ...rehearsal, patched: { ...patched, faults: ['pod a is not there'] } })).toBe(true);
    expect(isFaulty({ ...rehearsal, engines: [{ ...engine, faults: ['pod a is not there'] }] })).toBe(true);
  });
});

describe('what a rehearsal cannot try', () => {
  const limits = (more: readonly KubeObject[], engines: readonly EngineName[] = ['calico', 'cilium']): string[] => {
    const all = [...objects, ...more];
    const before = loadSnapshot(all, { profile: calico });
    const own = planRehearsal({ objects: all, before, after: before, from: 'calico', to: 'calico' });
    return limitsOfRehearsal({ objects: all, plan: own, meant: before, engines, hosts: [] });
  };
  const dual = {
    ...pod('six', { ip: '10.50.1.6', node: 'n1' }),
    status: { phase: 'Running', podIP: '10.50.1.6', podIPs: [{ ip: '10.50.1.6' }, { ip: 'fd00::6' }] },
  };

  const cases: readonly (readonly [limit: string, more: readonly KubeObject[], engines?: readonly EngineName[]])[] = [
    ['ports of nodes asked by pods: shop/db', []],
    ['IPv6: Azure Network Policy Manager has none, so that there is nothing to hold it against', [dual], ['azure', 'calico']],
    ['SCTP', [policy('sctp', { podSelector: {}, ingress: [{ ports: [{ port: 9, protocol: 'SCTP' }] }] })]],
    ['pods on Windows: Cilium does not run there', [node('w1', '10.50.0.6', 'windows')]],
    [
      'Windows itself: its nodes are emulated on Linux, by what is known of HNS',
      [node('w1', '10.50.0.6', 'windows'), pod('win', { ip: '10.50.3.1', node: 'w1' })],
      ['azure', 'calico'],
    ],
    ['services without a selector: shop/elsewhere', [service('elsewhere', { ports: [{ port: 80 }] })]],
    ['services without a pod to lead to: shop/nobody', [service('nobody', { selector: { app: 'nobody' }, ports: [{ port: 80 }] })]],
    [
      'cluster addresses with internalTrafficPolicy: Local: shop/near',
      [service('near', { selector: { app: 'web' }, internalTrafficPolicy: 'Local', ports: [{ port: 80 }] })],
    ],
    [
      "policies of the cluster's own namespaces: kube-system/p",
      [{ ...policy('p', { podSelector: {} }), metadata: { namespace: 'kube-system', name: 'p' } }],
    ],
    [
      'ports that fewer pods serve: TCP/86, TCP/87; port 9 stands for all that no rule names',
      [pod('many', { ip: '10.50.1.7', node: 'n1', ports: [83, 84, 85, 86, 87].map((containerPort) => ({ containerPort })) })],
    ],
  ];

  it.each(cases.map(([limit, more, engines]) => ({ limit, more, engines })))('is told: $limit', ({ limit, more, engines }) => {
    expect(limits(more, engines)).toContain(limit);
  });

  it('is nothing where there is nothing of the kind', () => {
    const plain = objects.filter(({ kind }) => kind !== 'Service');
    const before = loadSnapshot(plain, { profile: calico });
    const own = planRehearsal({ objects: plain, before, after: before, from: 'calico', to: 'cilium' });
    const hosts = own.hosts.map((address, i) => ({ name: `outside-${i}`, address }));
    expect(limitsOfRehearsal({ objects: plain, plan: own, meant: before, engines: ['calico', 'cilium'], hosts })).toEqual([]);
  });
});
