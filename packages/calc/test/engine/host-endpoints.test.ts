/** Host endpoints of the node: which interfaces each has, its programs family by family, any state to any state. */
import { calicoCompiler, type PolicyCompiler } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import { calicoHostSettings, enforcementTarget, type HostFamily } from '@weir/model';
import { defined, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import {
  applyDelta,
  difference,
  Engine,
  emptyDelta,
  emptyState,
  fromScratch,
  type HostLocalEndpoint,
  type NodeInterface,
  type Program,
  type State,
  stateOf,
} from '../../src/index.ts';
import { namespaceOf, podOf } from '../objects.ts';

const target = enforcementTarget('calico');
const crd = (plural: string): string => `${plural}.crd.projectcalico.org`;
const [policies, hostEndpoints, configurations] = [crd('globalnetworkpolicies'), crd('hostendpoints'), crd('felixconfigurations')];

type Families = readonly ('pods' | HostFamily)[];
type Objects = Readonly<Record<string, readonly KubeObject[]>>;
type Stored = KubeObject & { readonly spec: unknown };

interface Scene {
  readonly objects: Objects;
  readonly interfaces?: readonly NodeInterface[];
}

function object(kind: string, name: string, spec: unknown, labels: Readonly<Record<string, string>> = {}): Stored {
  return { apiVersion: 'crd.projectcalico.org/v1', kind, metadata: { name, uid: `uid-${kind}-${name}`, labels }, spec };
}

/** Whatever the flags of an API mean: policies say in a label among whom they select. */
const compiler: PolicyCompiler = {
  ...calicoCompiler,
  compile(given, referred, options) {
    const compiled = calicoCompiler.compile(given, referred, options);
    const appliesTo = (given.metadata.labels?.['families'] ?? 'pods').split('.') as unknown as Families;
    return { ...compiled, policies: compiled.policies.map(({ tier, policy }) => ({ tier, policy: { ...policy, appliesTo } })) };
  },
};

function policy(name: string, families: string, spec: object): Stored {
  return object('GlobalNetworkPolicy', name, { selector: 'role == "node"', ...spec }, { families });
}

const host = (name: string, spec: object, labels: Readonly<Record<string, string>> = { role: 'node' }): Stored =>
  object('HostEndpoint', name, { node: 'n1', ...spec }, labels);

const address = (text: string): ReturnType<typeof parseAddress> & object => defined(parseAddress(text), text);
const eth0: NodeInterface = { name: 'eth0', addresses: [address('192.0.2.4')] };
const eth1: NodeInterface = { name: 'eth1', addresses: [address('198.51.100.4')] };

const web = podOf('shop/web', {
  labels: { app: 'web', role: 'node' },
  ip: '10.0.0.1',
  node: 'n1',
  ports: [{ name: 'http', port: 80 }],
});
const shop = namespaceOf('shop');

function tell(engine: Engine, from: Scene, to: Scene): void {
  const kinds = new Set([...Object.keys(from.objects), ...Object.keys(to.objects)]);
  for (const kind of kinds) {
    const next = new Set((to.objects[kind] ?? []).map(({ metadata }) => metadata.name));
    for (const { metadata } of from.objects[kind] ?? [])
      if (!next.has(metadata.name)) engine.deletePolicyObject(kind, undefined, metadata.name ?? '');
    for (const one of to.objects[kind] ?? []) engine.upsertPolicyObject(kind, one);
  }
  engine.setInterfaces(to.interfaces ?? []);
}

function started(scene: Scene = { objects: {} }): { readonly engine: Engine; readonly state: State } {
  const engine = new Engine({ node: 'n1', target, compilers: [compiler] });
  engine.upsertNamespace(shop);
  engine.upsertPod(web);
  for (const source of engine.sources) engine.setInSync(source);
  const state = applyDelta(emptyState(), engine.flush());
  tell(engine, { objects: {} }, scene);
  applyDelta(state, engine.flush());
  return { engine, state };
}

function twinOf({ objects, interfaces = [] }: Scene, engine: Engine): State {
  const twin = fromScratch({
    node: 'n1',
    pods: [web],
    namespaces: [shop],
    policies: [],
    objects: { ...objects, namespaces: [shop] },
    accepted: engine.acceptedPolicies(),
    attachments: [],
    target,
    compilers: [compiler],
    interfaces,
  });
  return applyDelta(emptyState(), twin);
}

const allow = [{ action: 'Allow' }];
const deny = [{ action: 'Deny' }];

function hostsOf(objects: readonly Stored[], interfaces: readonly NodeInterface[] = []): Record<string, HostLocalEndpoint['interfaces']> {
  const { state } = started({ objects: { [hostEndpoints]: objects }, interfaces });
  return Object.fromEntries([...state.hosts.values()].map((one) => [one.name, one.interfaces]));
}

/** The programs of the only host endpoint, by family and direction. */
function programsOf(objects: Objects): Record<string, Program> {
  const { state } = started({ objects });
  const [only] = state.hosts.values();
  return Object.fromEntries(
    Object.entries(only?.programs ?? {}).flatMap(([family, keys]) =>
      Object.entries(keys).map(([direction, key]: [string, string]) => [`${family} ${direction}`, defined(state.programs.get(key), key)]),
    ),
  );
}

const manners = (objects: Objects): Record<string, string> =>
  Object.fromEntries(
    Object.entries(programsOf(objects)).map(([place, { tiers, otherwise }]) => [
      place,
      [...tiers.map(({ name, rules, end }) => `${name}(${rules.map(({ action }) => action).join()}) ${end}`), otherwise].join(' | '),
    ]),
  );

describe('an interface of the node', () => {
  it('H1 belongs to the host endpoint that names it, the first by name of several', () => {
    expect(hostsOf([host('b', { interfaceName: 'eth0' }), host('a', { interfaceName: 'eth0' })])).toEqual({ a: ['eth0'] });
  });

  it('H1 belongs to one that expects an address of it, where the node has that', () => {
    const expecting = host('a', { expectedIPs: ['192.0.2.4', '198.51.100.4'] });
    expect(hostsOf([expecting, host('b', { interfaceName: 'eth1' })], [eth0, eth1])).toEqual({ a: ['eth0', 'eth1'] });
    expect(hostsOf([expecting])).toEqual({});
  });

  it('H1 belongs to the first for all interfaces when no other one has it', () => {
    const hosts = [host('c', { interfaceName: '*' }), host('b', { interfaceName: '*' }), host('z', { interfaceName: 'eth0' })];
    expect(hostsOf(hosts)).toEqual({ b: 'all', z: ['eth0'] });
  });

  it('is none of a host endpoint of another node', () => {
    expect(hostsOf([host('a', { node: 'n2', interfaceName: 'eth0' })])).toEqual({});
  });

  it('is taken from the endpoint for all by one that allows everything, which says nothing by itself', () => {
    const open = host('a', { interfaceName: 'eth0', profiles: ['projectcalico-default-allow'] });
    expect(hostsOf([open])).toEqual({});
    expect(hostsOf([open, host('b', { interfaceName: '*' })])).toEqual({ a: ['eth0'], b: 'all' });
  });
});

describe('a host endpoint', () => {
  const eth0Host = host('h', { interfaceName: 'eth0' });
  const tier = object('Tier', 'first', { order: 1 });

  it('denies what is its own without policies, and lets through what is forwarded', () => {
    expect(manners({ [hostEndpoints]: [eth0Host] })).toEqual({ 'normal ingress': 'deny', 'normal egress': 'deny' });
  });

  it('H2 has a program for each family that policies are about', () => {
    const objects: Objects = {
      [hostEndpoints]: [eth0Host],
      [crd('tiers')]: [tier],
      [policies]: [
        policy('raw', 'untracked', { tier: 'first', types: ['Ingress', 'Egress'], ingress: allow, egress: deny }),
        policy('early', 'preDNAT', { tier: 'first', ingress: deny }),
        policy('both', 'pods.normal.forward', { ingress: allow }),
        policy('out', 'normal', { egress: [{ action: 'Pass' }], types: ['Egress'] }),
        policy('pods', 'pods', { ingress: deny }),
      ],
    };
    expect(manners(objects)).toEqual({
      'untracked ingress': 'first(allow) pass | allow',
      'untracked egress': 'first(deny) pass | allow',
      'preDNAT ingress': 'first(deny) pass | allow',
      'normal ingress': 'default(allow) deny | deny',
      'normal egress': 'default(pass) deny | deny',
      'forward ingress': 'default(allow) deny | deny',
    });
  });

  it('H4 selects pods and hosts apart: a policy about hosts says nothing of pods with the same labels', () => {
    const { state } = started({
      objects: { [hostEndpoints]: [eth0Host], [policies]: [policy('hosts', 'normal', { ingress: deny })] },
    });
    expect([...state.endpoints.values()].map(({ ingress }) => ingress)).toEqual([undefined]);
  });

  it('H3 has rules tested at the own end of the packet, by address, label and number', () => {
    const rule = { action: 'Allow', protocol: 'TCP', destination: { nets: ['192.0.2.4/32'], notSelector: 'app == "web"', ports: [80] } };
    const { 'preDNAT ingress': program } = programsOf({
      [hostEndpoints]: [eth0Host],
      [policies]: [policy('early', 'preDNAT', { ingress: [rule] })],
    });
    expect(program?.tiers[0]?.rules).toMatchObject([
      {
        peer: [{ set: 'range 0.0.0.0-255.255.255.255', negated: false }],
        local: [
          { set: expect.stringMatching(/^address .*web/), negated: true },
          { set: 'range 192.0.2.4-192.0.2.4', negated: false },
        ],
        ports: [{ first: 80, last: 80 }],
      },
    ]);
  });

  it('H3 knows own ports by the names that it gives, and those of others by what pods give', () => {
    const named = host('h', { interfaceName: 'eth0', ports: [{ name: 'http', protocol: 'TCP', port: 8080 }] });
    const rule = { action: 'Allow', protocol: 'TCP', destination: { ports: ['http'] } };
    const programs = programsOf({ [hostEndpoints]: [named], [policies]: [policy('p', 'normal.forward', { ingress: [rule] })] });
    expect(programs['normal ingress']?.tiers[0]?.rules).toMatchObject([{ ports: [{ first: 8080, last: 8080 }] }]);
    const [forwarded] = programs['forward ingress']?.tiers[0]?.rules ?? [];
    expect(forwarded?.ports).toBeUndefined();
    expect(forwarded?.local).toMatchObject([{ set: expect.stringContaining('addressPort must 6 ["http"]'), negated: false }]);
  });

  it('H5 stands closed while its newest version cannot be read and none was accepted, else as it was', () => {
    const broken = host('h', {
      interfaceName: 'eth0',
      ports: [{ name: '', protocol: 'TCP', port: 1 }],
      profiles: ['projectcalico-default-allow'],
    });
    expect(manners({ [hostEndpoints]: [broken] })).toEqual({ 'normal ingress': 'deny', 'normal egress': 'deny' });
    const good = host('h', { interfaceName: 'eth0', profiles: ['projectcalico-default-allow'] });
    const { engine, state } = started({ objects: { [hostEndpoints]: [good] } });
    engine.upsertPolicyObject(hostEndpoints, broken);
    expect(engine.refusedPolicies().map(({ inForce }) => inForce)).toEqual(['accepted']);
    expect(applyDelta(state, engine.flush()).hosts.size).toBe(0);
  });

  it('is counted as an endpoint of the policies that select it, and of its own object', () => {
    const { engine } = started({
      objects: { [hostEndpoints]: [eth0Host], [policies]: [policy('p', 'normal', { ingress: deny })] },
    });
    const found = engine.localPolicies().map(({ policy: { kind }, uid, endpoints }) => [kind, uid, endpoints]);
    expect(found.sort()).toEqual([
      ['GlobalNetworkPolicy', 'uid-GlobalNetworkPolicy-p', 1],
      ['HostEndpoint', 'uid-HostEndpoint-h', 1],
    ]);
  });
});

describe('what holds for all host endpoints', () => {
  const ports = (port: number): object => ({ failsafeInboundHostPorts: [{ protocol: 'TCP', port }] });

  it('H5 is told with the first host endpoint, not before', () => {
    const { engine, state } = started();
    expect(state.hostSettings).toBeUndefined();
    engine.upsertPolicyObject(hostEndpoints, host('h', { interfaceName: 'eth0' }));
    expect(engine.flush()).toMatchObject({ hosts: { upserts: [{ name: 'h' }] }, hostSettings: calicoHostSettings });
  });

  it('is what FelixConfiguration says, that of the node before that of all', () => {
    const { state } = started({
      objects: {
        [configurations]: [
          object('FelixConfiguration', 'default', { ...ports(1), failsafeOutboundHostPorts: [], defaultEndpointToHostAction: 'Drop' }),
          object('FelixConfiguration', 'node.n1', ports(2)),
          object('FelixConfiguration', 'node.n2', ports(3)),
        ],
      },
    });
    expect(state.hostSettings).toMatchObject({ failsafes: [{ direction: 'ingress', port: 2 }], podToHost: 'drop' });
  });

  it('is known to no engine without host endpoints', () => {
    const engine = new Engine({ node: 'n1', target: enforcementTarget('azure') });
    for (const source of engine.sources) engine.setInSync(source);
    expect(engine.flush()).toEqual(emptyDelta);
  });
});

describe('host endpoints, from any state to any other', () => {
  const raw = policy('raw', 'untracked', { ingress: allow });
  const both = policy('both', 'pods.normal.forward', {
    ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: ['http', 22] } }],
  });
  const scenes: readonly Scene[] = [
    { objects: {} },
    { objects: { [hostEndpoints]: [host('a', { interfaceName: 'eth0' })] } },
    { objects: { [hostEndpoints]: [host('a', { interfaceName: 'eth0' }, {}), host('b', { interfaceName: '*' })], [policies]: [both] } },
    { objects: { [hostEndpoints]: [host('a', { expectedIPs: ['192.0.2.4'] })], [policies]: [both, raw] }, interfaces: [eth0] },
    { objects: { [hostEndpoints]: [host('a', { expectedIPs: ['192.0.2.4'] })], [policies]: [both, raw] }, interfaces: [eth1] },
    { objects: { [policies]: [both, raw, policy('open', 'normal', { egress: allow, selector: 'all()' })] } },
    {
      objects: {
        [hostEndpoints]: [host('a', { interfaceName: 'eth0', ports: [{ name: 'http', protocol: 'TCP', port: 81 }] })],
        [policies]: [policy('both', 'normal', { ingress: deny }), raw],
        [configurations]: [object('FelixConfiguration', 'default', { failsafeInboundHostPorts: [] })],
      },
    },
    {
      objects: {
        [hostEndpoints]: [host('a', { interfaceName: 'no such name, it is too long' })],
        [policies]: [policy('raw', 'pods', { ingress: deny })],
      },
    },
  ];

  it('S1 S2 S6 are what somebody who starts from nothing computes', () => {
    for (const from of scenes) {
      for (const to of scenes) {
        const { engine, state } = started(from);
        tell(engine, from, to);
        applyDelta(state, engine.flush());
        const twin = twinOf(to, engine);
        expect(difference(state, twin)).toEqual(emptyDelta);
        expect(difference(stateOf(engine), twin)).toEqual(emptyDelta);
        tell(engine, to, { objects: {} });
        engine.deletePod('shop', 'web');
        engine.deleteNamespace('shop');
        engine.flush();
        expect(Object.entries(engine.sizes).filter(([, size]) => size > 0)).toEqual([]);
      }
    }
  });
});
