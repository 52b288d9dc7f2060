/** Table tests of the engine's promises; SPEC.md has the rules that titles name. */
import type { NetworkPolicy } from '@weir/kube';
import { type Address, defined, formatAddress, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { applyDelta, Engine, emptyDelta, emptyState, isEmpty, judgeFlow, type Program, type State, squash } from '../src/index.ts';
import { Follower, type World } from './follower.ts';
import { attachmentOf, invalidPolicyOf, namespaceOf, podOf, policyOf } from './objects.ts';

const shop = namespaceOf('shop', { team: 'a' });
const web = podOf('shop/web', { labels: { app: 'web' }, ip: '10.0.0.1', node: 'n1' });
const db = podOf('shop/db', { labels: { app: 'db' }, ip: '10.0.0.2' });
const denyAll = policyOf('shop/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
const fromDb = policyOf('shop/from-db', {
  podSelector: { matchLabels: { app: 'web' } },
  ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }] }],
});

function addressOf(text: string): Address {
  return defined(parseAddress(text), `${text} is an address`);
}

function at(world: World): State {
  const follower = new Follower();
  follower.go(world);
  return follower.state;
}

function programOf(state: State, uid: string, direction: 'ingress' | 'egress' = 'ingress'): Program | undefined {
  return state.programs.get(state.endpoints.get(uid)?.[direction] ?? '');
}

function rulesOf(state: State, uid: string, direction: 'ingress' | 'egress' = 'ingress'): Program['tiers'][number]['rules'] {
  return programOf(state, uid, direction)?.tiers.flatMap(({ rules }) => rules) ?? [];
}

/** The sets that an address is in, with the ports where they count. */
function membershipsOf(state: State, address: string): string[] {
  const { memberships = [] } = state.classes.get(state.addresses.get(address)?.class ?? '') ?? {};
  return memberships.map(({ set, ports }) =>
    ports === undefined ? set : `${set} => ${ports.map(({ protocol, port }) => `${protocol}/${port}`).join()}`,
  );
}

function membersOf(state: State, set: string | undefined): string[] {
  return [...state.addresses.keys()]
    .filter((address) => membershipsOf(state, address).some((text) => text.split(' => ')[0] === set))
    .sort();
}

describe('state and deltas', () => {
  it('S7 nothing is said before all sources are in sync, whatever happens; then the whole state at once', () => {
    const follower = new Follower({ inSync: false });
    const { engine } = follower;
    follower.tell({ namespaces: [shop], pods: [web, db], policies: [fromDb] });
    for (const source of ['pods', 'namespaces'] as const) {
      expect(isEmpty(follower.flush())).toBe(true);
      engine.setInSync(source);
    }
    follower.tell({ namespaces: [shop], pods: [web], policies: [fromDb] });
    expect(follower.flush()).toEqual(emptyDelta);
    engine.setInSync('networkPolicies');
    const delta = follower.flush();
    follower.verify();
    expect(delta.endpoints.upserts).toHaveLength(1);
    expect(
      [delta.peerSets, delta.addresses, delta.programs, delta.endpoints].flatMap(({ removals }) => removals as readonly unknown[]),
    ).toEqual([]);
  });

  it('S3 a second flush is empty, a status update says nothing, and several changes of one pod are one', () => {
    const follower = new Follower();
    follower.go({ namespaces: [shop], pods: [web, db], policies: [fromDb] });
    follower.engine.upsertPod({ ...db, status: { ...db.status, conditions: [{ type: 'Ready', status: 'True' }] } });
    expect(isEmpty(follower.flush())).toBe(true);
    follower.engine.deletePod('shop', 'db');
    follower.engine.upsertPod(podOf('shop/db', { labels: { app: 'other' }, ip: '10.0.0.2' }));
    follower.engine.upsertPod(db);
    expect(isEmpty(follower.flush())).toBe(true);
    follower.engine.upsertPod(podOf('shop/db', { labels: { app: 'other' }, ip: '10.0.0.2' }));
    const delta = follower.flush();
    expect(delta.addresses.removals.map((one) => formatAddress(one))).toEqual(['10.0.0.2']);
    expect({ ...delta, addresses: 0, classes: 0 }).toEqual({ ...emptyDelta, addresses: 0, classes: 0 });
  });

  it('S8 squashed deltas do the same as one after the other, and a set that comes and goes leaves no trace', () => {
    const engine = new Engine({ node: 'n1' });
    for (const source of ['pods', 'namespaces', 'networkPolicies'] as const) engine.setInSync(source);
    const [first, second] = [
      () => {
        engine.upsertNamespace(shop);
        engine.upsertPod(web);
        engine.upsertNetworkPolicy(fromDb);
      },
      () => engine.deleteNetworkPolicy('shop', 'from-db'),
    ].map((act) => {
      act();
      return engine.flush();
    });
    const both = squash(first ?? emptyDelta, second ?? emptyDelta);
    expect(both.peerSets).toEqual({ upserts: [], removals: [] });
    expect(both.programs).toEqual({ upserts: [], removals: [] });
    expect(applyDelta(emptyState(), both).endpoints.get('uid-shop/web')).not.toHaveProperty('ingress');
  });

  it('S6 deletions of what is not there are ignored', () => {
    const follower = new Follower();
    follower.engine.deletePod('no', 'pod');
    follower.engine.deleteNamespace('no');
    follower.engine.deleteNetworkPolicy('no', 'policy');
    follower.engine.detach('no');
    expect(isEmpty(follower.flush())).toBe(true);
    follower.expectNothingLeft();
  });
});

describe('endpoints and addresses', () => {
  it('E1 a pod that nobody announced is no endpoint where only announced ones are, and a peer all the same', () => {
    const follower = new Follower({ localPods: 'announced' });
    const listed = podOf('shop/listed', { node: 'n1', labels: { app: 'db' }, ip: '10.0.0.7' });
    const world = { namespaces: [shop], pods: [web, listed], policies: [fromDb] };
    follower.go({ ...world, attachments: [attachmentOf('shop/web', '10.0.0.1')] });
    expect([...follower.state.endpoints.keys()]).toEqual(['uid-shop/web']);
    expect(membershipsOf(follower.state, '10.0.0.7')).toHaveLength(1);
    follower.go({ ...world, attachments: [attachmentOf('shop/web', '10.0.0.1'), attachmentOf('shop/listed', '10.0.0.7')] });
    expect(follower.state.endpoints.size).toBe(2);
    follower.go(world);
    expect(follower.state.endpoints.size).toBe(0);
  });

  it('E1 local endpoints are attached ones and pods of this node with an address', () => {
    const state = at({
      namespaces: [shop],
      pods: [
        web,
        db,
        podOf('shop/pending', { node: 'n1' }),
        podOf('shop/host', { node: 'n1', ip: '10.0.0.3', hostNetwork: true }),
        podOf('shop/gated', { node: 'n1' }),
      ],
      attachments: [attachmentOf('shop/gated', '10.0.0.4')],
    });
    expect([...state.endpoints.keys()].sort()).toEqual(['uid-shop/gated', 'uid-shop/web']);
    expect(state.endpoints.get('uid-shop/gated')).toMatchObject({ interface: 'veth-gated', namespace: 'shop', name: 'gated' });
  });

  it.each([
    ['is not known', []],
    ['has another uid', [podOf('shop/new', { uid: 'other', node: 'n1' })]],
    ['is finished', [podOf('shop/new', { phase: 'Succeeded', node: 'n1' })]],
  ])('E2 an attached endpoint whose pod %s is closed and in no set', (_what, pods) => {
    const state = at({
      namespaces: [shop],
      pods: [web, ...pods],
      policies: [policyOf('shop/all', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] })],
      attachments: [attachmentOf('shop/new', '10.0.0.9')],
    });
    for (const direction of ['ingress', 'egress'] as const) {
      expect(programOf(state, 'uid-shop/new', direction)).toMatchObject({ tiers: [], otherwise: 'deny' });
    }
    expect(state.addresses.has('10.0.0.9')).toBe(false);
    expect(state.addresses.has('10.0.0.1')).toBe(true);
  });

  it("E3 an attached pod has its attachment's addresses before and after its status has one", () => {
    const all = policyOf('shop/all', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] });
    const attachments = [attachmentOf('shop/new', ['10.0.0.9', 'fd00::9'])];
    for (const pods of [
      [podOf('shop/new', { node: 'n1', phase: 'Pending' as const })],
      [podOf('shop/new', { node: 'n1', ip: '10.0.0.10' })],
    ]) {
      const state = at({ namespaces: [shop], pods, policies: [all], attachments });
      expect([...state.addresses.keys()].sort()).toEqual(['10.0.0.9', 'fd00::9']);
      expect(rulesOf(state, 'uid-shop/new')).toHaveLength(1);
    }
  });

  it.each([
    [
      'the youngest pod',
      [
        podOf('shop/a', { labels: { app: 'db' }, ip: '10.0.0.7', created: '2026-01-01T00:00:01Z' }),
        podOf('shop/b', { ip: '10.0.0.7', created: '2026-01-01T00:00:00Z' }),
      ],
      [],
    ],
    [
      'the pod that is not being deleted',
      [
        podOf('shop/a', { labels: { app: 'db' }, ip: '10.0.0.7', created: '2026-01-01T00:00:00Z' }),
        podOf('shop/b', { ip: '10.0.0.7', created: '2026-01-01T00:00:01Z', deleted: '2026-01-01T00:00:02Z' }),
      ],
      [],
    ],
    [
      'the greatest uid',
      [podOf('shop/a', { labels: { app: 'db' }, ip: '10.0.0.7', uid: 'z' }), podOf('shop/b', { ip: '10.0.0.7', uid: 'y' })],
      [],
    ],
    [
      'the attached pod',
      [podOf('shop/a', { labels: { app: 'db' } }), podOf('shop/b', { ip: '10.0.0.7', created: '2026-01-01T00:00:01Z' })],
      [attachmentOf('shop/a', '10.0.0.7')],
    ],
    [
      'the pod that is known',
      [podOf('shop/a', { labels: { app: 'db' } })],
      [attachmentOf('shop/a', '10.0.0.7'), attachmentOf('shop/zz', '10.0.0.7', 'zz')],
    ],
  ])('E4 an address with two claims belongs to %s', (_who, pods, attachments) => {
    for (const order of [pods, [...pods].reverse()]) {
      const state = at({ namespaces: [shop], pods: [web, ...order], policies: [fromDb], attachments });
      expect(membershipsOf(state, '10.0.0.7')).toHaveLength(1);
    }
  });

  it('E4 the loser of an address keeps its others and its endpoint', () => {
    const old = podOf('shop/old', { node: 'n1', ip: ['10.0.0.7', 'fd00::7'], created: '2026-01-01T00:00:00Z' });
    const young = podOf('shop/young', { node: 'n1', ip: '10.0.0.7', created: '2026-01-01T00:00:05Z' });
    const state = at({ namespaces: [shop], pods: [old, young] });
    expect(state.endpoints.get('uid-shop/old')?.addresses.map((one) => formatAddress(one))).toEqual(['fd00::7']);
    expect(state.endpoints.get('uid-shop/young')?.addresses.map((one) => formatAddress(one))).toEqual(['10.0.0.7']);
  });

  it('E6 tells of an address that went to another pod or to nobody, and of none that its pod keeps', () => {
    const follower = new Follower();
    const released = (world: Parameters<Follower['tell']>[0]): string[] => {
      follower.tell(world);
      follower.flush();
      return follower.engine.released.map(({ address, owner }) => `${formatAddress(address)} of ${owner}`);
    };
    const old = podOf('shop/old', { ip: ['10.0.0.7', 'fd00::7'], created: '2026-01-01T00:00:00Z' });
    const young = podOf('shop/young', { ip: '10.0.0.7', created: '2026-01-01T00:00:05Z' });
    const relabelled = podOf('shop/old', { ip: ['10.0.0.7', 'fd00::7'], labels: { app: 'db' } });
    const namesake = podOf('shop/old', { ip: ['10.0.0.7', 'fd00::7'], uid: 'another' });
    expect(released({ pods: [old] })).toEqual([]);
    expect(released({ pods: [relabelled], attachments: [attachmentOf('shop/old', ['10.0.0.7', 'fd00::7'])] })).toEqual([]);
    expect(released({ pods: [relabelled] })).toEqual([]);
    expect(released({ pods: [old, young] })).toEqual(['10.0.0.7 of uid-shop/old']);
    expect(released({ pods: [young] })).toEqual(['fd00::7 of uid-shop/old']);
    expect(released({ pods: [{ ...young, status: { ...young.status, phase: 'Succeeded' } }] })).toEqual(['10.0.0.7 of uid-shop/young']);
    expect(released({ pods: [old] })).toEqual([]);
    expect(released({ pods: [namesake] })).toEqual(['10.0.0.7 of uid-shop/old', 'fd00::7 of uid-shop/old']);
    expect(released({ pods: [namesake] })).toEqual([]);
  });

  it('E4 an address comes back to the loser when the winner moves away', () => {
    const old = podOf('shop/old', { node: 'n1', ip: '10.0.0.7', created: '2026-01-01T00:00:00Z' });
    const young = (address: string) => podOf('shop/young', { ip: address, created: '2026-01-01T00:00:05Z' });
    const follower = new Follower();
    follower.go({ namespaces: [shop], pods: [old, young('10.0.0.7')] });
    expect(follower.state.endpoints.get('uid-shop/old')?.addresses).toEqual([]);
    follower.go({ namespaces: [shop], pods: [old, young('10.0.0.8')] });
    expect(follower.state.endpoints.get('uid-shop/old')?.addresses.map((one) => formatAddress(one))).toEqual(['10.0.0.7']);
  });

  it('E5 an endpoint without a policy in a direction has no program there', () => {
    const endpoint = at({ namespaces: [shop], pods: [web], policies: [fromDb] }).endpoints.get('uid-shop/web');
    expect(endpoint).toHaveProperty('ingress');
    expect(endpoint).not.toHaveProperty('egress');
  });
});

describe('selectors, sets and classes', () => {
  it('L1 a pod with a known label set costs one address and no selector', () => {
    const follower = new Follower();
    const policies: NetworkPolicy[] = Array.from({ length: 50 }, (_, i) =>
      policyOf(`shop/p${i}`, { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: `a${i}` } } }] }] }),
    );
    follower.go({ namespaces: [shop], pods: [web, db], policies });
    const before = follower.engine.work;
    follower.engine.upsertPod(podOf('shop/db2', { labels: { app: 'db' }, ip: '10.0.0.22' }));
    follower.flush();
    const after = follower.engine.work;
    expect(after.selectorsEvaluated).toBe(before.selectorsEvaluated);
    expect(after.labelSetsBuilt).toBe(before.labelSetsBuilt);
    expect(after.addressesTouched).toBe(before.addressesTouched + 1);
  });

  it('L1 a new label set is asked only about selectors of its namespace and labels', () => {
    const follower = new Follower();
    const policies: NetworkPolicy[] = Array.from({ length: 50 }, (_, i) =>
      policyOf(`shop/p${i}`, {
        podSelector: {},
        ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: `a${i}` } } }] }],
      }),
    );
    follower.go({ namespaces: [shop, namespaceOf('ops')], pods: [web], policies });
    const before = follower.engine.work.selectorsEvaluated;
    follower.engine.upsertPod(podOf('ops/new', { labels: { app: 'a7', id: 'unique' }, ip: '10.0.0.22' }));
    expect(follower.flush().addresses.upserts).toHaveLength(1);
    expect(follower.engine.work.selectorsEvaluated).toBe(before + 1);
  });

  it('L2 sets of policies that select no local endpoint do not exist, and addresses in no set are not said', () => {
    const elsewhere = policyOf('shop/elsewhere', {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
    });
    const state = at({ namespaces: [shop], pods: [web, db, podOf('shop/x', { ip: '10.0.0.3' })], policies: [elsewhere, fromDb] });
    expect([...state.peerSets.keys()]).toEqual([rulesOf(state, 'uid-shop/web')[0]?.peer[0]?.set]);
    expect([...state.addresses.keys()]).toEqual(['10.0.0.2']);
  });

  it('L3 label sets in the same sets are one class', () => {
    const pods = Array.from({ length: 20 }, (_, i) => podOf(`shop/db${i}`, { labels: { app: 'db', id: String(i) }, ip: `10.0.1.${i}` }));
    const state = at({ namespaces: [shop], pods: [web, ...pods], policies: [fromDb] });
    expect([state.addresses.size, state.classes.size]).toEqual([20, 1]);
  });

  const probes = {
    'namespace selector {}': { namespaceSelector: {} },
    'label absent': { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] } },
    'label not in': { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['x'] }] } },
  } as const;
  it.each(Object.entries(probes))('L4 pods of an unknown namespace are in no set: %s', (_name, peer) => {
    const pods = [web, podOf('ghost/pod', { ip: '10.0.0.8' })];
    const policies = [policyOf('shop/p', { podSelector: {}, ingress: [{ from: [peer] }] })];
    expect(at({ namespaces: [shop], pods, policies }).addresses.has('10.0.0.8')).toBe(false);
    expect(at({ namespaces: [shop, namespaceOf('ghost')], pods, policies }).addresses.has('10.0.0.8')).toBe(true);
  });

  it('L4 a local pod of an unknown namespace is still isolated by the policies of its namespace', () => {
    expect(programOf(at({ pods: [web], policies: [denyAll] }), 'uid-shop/web')).toMatchObject({ tiers: [{ rules: [], end: 'deny' }] });
  });

  it("L5 an egress port name stands for each peer's own ports of that name and protocol", () => {
    const sql = policyOf('shop/sql', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ port: 'sql' }, { port: 443 }] }],
    });
    const pods = [
      web,
      podOf('shop/one', { labels: { app: 'db' }, ip: '10.0.2.1', ports: [{ name: 'sql', port: 5432 }] }),
      podOf('shop/two', {
        labels: { app: 'db' },
        ip: '10.0.2.2',
        ports: [
          { name: 'sql', port: 3306 },
          { name: 'sql', port: 3307 },
          { name: 'sql', port: 9, protocol: 'UDP' },
        ],
      }),
      podOf('shop/none', { labels: { app: 'db' }, ip: '10.0.2.3' }),
      podOf('shop/not', { labels: { app: 'x' }, ip: '10.0.2.4', ports: [{ name: 'sql', port: 5432 }] }),
    ];
    const state = at({ namespaces: [shop], pods, policies: [sql] });
    const rules = rulesOf(state, 'uid-shop/web', 'egress');
    expect(rules.map(({ ports, protocol }) => [protocol, ports])).toEqual([
      [6, [{ first: 443, last: 443 }]],
      [6, undefined],
    ]);
    expect(new Set(rules.map(({ id }) => id)).size).toBe(2);
    const [numbers, names] = rules.map(({ peer }) => peer[0]?.set);
    expect(membersOf(state, numbers)).toEqual(['10.0.2.1', '10.0.2.2', '10.0.2.3']);
    expect(membershipsOf(state, '10.0.2.1')).toContain(`${names} => 6/5432`);
    expect(membershipsOf(state, '10.0.2.2')).toContain(`${names} => 6/3306,6/3307`);
    expect(membersOf(state, names)).toEqual(['10.0.2.1', '10.0.2.2']);
  });
});

describe('programs and rules', () => {
  it('P1 endpoints under the same rules share a program', () => {
    const pods = Array.from({ length: 10 }, (_, i) => podOf(`shop/w${i}`, { labels: { id: String(i) }, ip: `10.0.3.${i}`, node: 'n1' }));
    const state = at({ namespaces: [shop], pods, policies: [denyAll] });
    expect([state.endpoints.size, state.programs.size]).toEqual([10, 2]);
  });

  it("P2 ingress port names are the endpoint's numbers, and a name that it does not have opens nothing", () => {
    const http = policyOf('shop/http', {
      podSelector: {},
      ingress: [{ ports: [{ port: 'http' }, { port: 443 }, { port: 'dns', protocol: 'UDP' }] }],
    });
    const state = at({
      namespaces: [shop],
      pods: [
        podOf('shop/a', { ip: '10.0.4.1', node: 'n1', ports: [{ name: 'http', port: 8080 }] }),
        podOf('shop/b', {
          ip: '10.0.4.2',
          node: 'n1',
          ports: [
            { name: 'http', port: 444 },
            { name: 'dns', port: 53, protocol: 'UDP' },
          ],
        }),
        podOf('shop/c', { ip: '10.0.4.3', node: 'n1', ports: [{ name: 'http', port: 80, protocol: 'UDP' }] }),
      ],
      policies: [http],
    });
    const ports = (uid: string): unknown[] =>
      rulesOf(state, uid).map(({ protocol, ports: ranges }) => [protocol, ranges?.map(({ first, last }) => [first, last])]);
    expect(ports('uid-shop/a')).toEqual([
      [
        6,
        [
          [443, 443],
          [8080, 8080],
        ],
      ],
    ]);
    expect(ports('uid-shop/b')).toEqual([
      [6, [[443, 444]]],
      [17, [[53, 53]]],
    ]);
    expect(ports('uid-shop/c')).toEqual([[6, [[443, 443]]]]);
  });

  it('P3 a block with everything excepted and a selector of nothing leave no rule', () => {
    const nothing = policyOf('shop/nothing', {
      podSelector: {},
      ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.0/25', '192.0.2.128/25'] } }] }],
    });
    const state = at({ namespaces: [shop], pods: [web], policies: [nothing] });
    expect(programOf(state, 'uid-shop/web')).toMatchObject({ tiers: [{ rules: [], end: 'deny' }] });
    expect(state.peerSets.size).toBe(0);
  });

  it("P4 ids stay when the rule's content changes and differ for each part of each policy", () => {
    const spec = (port: number) => ({
      podSelector: {},
      ingress: [{ from: [{ podSelector: {} }, { namespaceSelector: {} }], ports: [{ port }, { port, protocol: 'UDP' }] }],
    });
    const ids = (port: number): string[] =>
      rulesOf(
        at({ namespaces: [shop], pods: [web], policies: [policyOf('shop/p', spec(port)), policyOf('shop/q', spec(port))] }),
        'uid-shop/web',
      ).map(({ id }) => id);
    expect(new Set(ids(80)).size).toBe(8);
    expect(ids(81)).toEqual(ids(80));
    for (const id of ids(80)) expect(id).toMatch(/^[0-9a-z]{11}$/);
  });
});

describe('long lists of blocks', () => {
  const listOf = (count: number): NetworkPolicy =>
    policyOf('shop/blocks', {
      podSelector: {},
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { app: 'db' } } },
            ...Array.from({ length: count }, (_, i) => ({ ipBlock: { cidr: `10.9.${i}.0/30`, except: [`10.9.${i}.2/32`] } })),
          ],
          ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }],
        },
        { from: [{ ipBlock: { cidr: '10.9.0.2/32' } }], ports: [{ port: 81 }] },
      ],
    });

  it('P5 more than 32 are one rule for each protocol, about one set, beside the other peers and rules', () => {
    const peersOf = (count: number): (number | undefined)[] =>
      rulesOf(at({ namespaces: [shop], pods: [web, db], policies: [listOf(count)] }), 'uid-shop/web').map(({ origin }) => origin.peerIndex);
    expect(peersOf(32)).toHaveLength(2 * 33 + 1);
    expect(peersOf(33)).toEqual([0, 0, undefined, undefined, 0]);
  });

  it('P5 let in what each block lets in, on the ports of their rule, and nothing else', () => {
    const follower = new Follower();
    follower.go({ namespaces: [shop], pods: [web, db], policies: [listOf(33)] });
    const verdict = (source: string, destinationPort: number, protocol = 6): string | undefined =>
      judgeFlow(
        follower.engine.emittedState,
        { source: addressOf(source), destination: addressOf('10.0.0.1'), protocol, destinationPort },
        () => false,
      ).ingress?.verdict;
    for (let i = 0; i < 34; i++) {
      for (let last = 0; last < 5; last++) {
        const isListed = i < 33 && (last < 2 || last === 3);
        expect(verdict(`10.9.${i}.${last}`, 80), `10.9.${i}.${last}`).toBe(isListed ? 'allow' : 'deny');
        expect(verdict(`10.9.${i}.${last}`, 53, 17)).toBe(isListed ? 'allow' : 'deny');
        expect(verdict(`10.9.${i}.${last}`, 81)).toBe(i === 0 && last === 2 ? 'allow' : 'deny');
      }
    }
    expect(verdict('10.0.0.2', 80)).toBe('allow');
  });
});

describe('colliding rule ids', () => {
  it('P4 a rule whose id changes because another policy came gets a new program', () => {
    const rules = { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] };
    const pods = [web, podOf('ops/pod', { ip: '10.0.0.6', node: 'n1' })];
    const namespaces = [shop, namespaceOf('ops')];
    const follower = new Follower({ ruleHash: () => 'h' });
    follower.go({ namespaces, pods, policies: [policyOf('shop/p', rules)] });
    expect(rulesOf(follower.state, 'uid-shop/web').map(({ id }) => id)).toEqual(['h']);
    follower.go({ namespaces, pods, policies: [policyOf('shop/p', rules), policyOf('ops/p', rules)] });
    expect(rulesOf(follower.state, 'uid-shop/web').map(({ id }) => id)).toEqual(['h.1']);
    follower.go({ namespaces, pods, policies: [policyOf('shop/p', rules)] });
    expect(rulesOf(follower.state, 'uid-shop/web').map(({ id }) => id)).toEqual(['h']);
  });
});

describe('refusal', () => {
  const valid = policyOf('shop/p', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }, 'one');

  it('R1 a refused version leaves the accepted one in force; with another uid it does not', () => {
    const follower = new Follower();
    follower.go({ namespaces: [shop], pods: [web], policies: [valid] });
    follower.go({ namespaces: [shop], pods: [web], policies: [invalidPolicyOf('shop/p', {}, 'one')] });
    expect(rulesOf(follower.state, 'uid-shop/web')).toHaveLength(1);
    expect(follower.engine.refusedPolicies()).toMatchObject([
      { inForce: 'accepted', diagnostics: [{ field: 'spec.ingress[0].ports[0].port' }] },
    ]);
    follower.go({ namespaces: [shop], pods: [web], policies: [invalidPolicyOf('shop/p', {}, 'two')] });
    expect(rulesOf(follower.state, 'uid-shop/web')).toHaveLength(0);
    expect(follower.engine.refusedPolicies()).toMatchObject([{ inForce: 'closed' }]);
    follower.go({ namespaces: [shop], pods: [web], policies: [policyOf('shop/p', valid.spec ?? {}, 'two')] });
    expect(follower.engine.refusedPolicies()).toEqual([]);
  });

  it.each([
    ['whom it selects', { podSelector: { matchLabels: { app: 'web' } } }, ['ingress'], []],
    ['in the directions that it names', { podSelector: {}, policyTypes: ['Egress' as const] }, ['egress'], ['egress']],
    ['both ways when egress is mentioned', { podSelector: {}, egress: [{}] }, ['egress', 'ingress'], ['egress', 'ingress']],
    [
      'the whole namespace when the selector cannot be read',
      { podSelector: { matchLabels: { 'no key!': '' } } },
      ['egress', 'ingress'],
      ['egress', 'ingress'],
    ],
  ])('R2 a policy that was never accepted isolates %s', (_what, spec, webDirections, otherDirections) => {
    const other = podOf('shop/other', { labels: { app: 'other' }, ip: '10.0.0.5', node: 'n1' });
    const outside = podOf('ops/pod', { ip: '10.0.0.6', node: 'n1' });
    const state = at({ namespaces: [shop], pods: [web, other, outside], policies: [invalidPolicyOf('shop/p', spec)] });
    const directions = (uid: string): string[] =>
      ['egress', 'ingress'].filter((direction) => programOf(state, uid, direction as 'ingress') !== undefined);
    expect(directions('uid-shop/web')).toEqual(webDirections);
    expect(directions('uid-shop/other')).toEqual(otherDirections);
    expect(directions('uid-ops/pod')).toEqual([]);
    for (const { tiers } of state.programs.values()) expect(tiers).toMatchObject([{ rules: [], end: 'deny' }]);
  });

  it('R3 a later process keeps what an earlier one accepted, before or after it hears of the policy', () => {
    const earlier = new Engine({ node: 'n1' });
    earlier.upsertNetworkPolicy(valid);
    const kept = JSON.parse(JSON.stringify(earlier.acceptedPolicies())) as NetworkPolicy[];
    for (const isEarly of [true, false]) {
      const engine = new Engine({ node: 'n1' });
      if (isEarly) engine.restoreAccepted(kept);
      engine.upsertNamespace(shop);
      engine.upsertPod(web);
      engine.upsertNetworkPolicy(invalidPolicyOf('shop/p', {}, 'one'));
      if (!isEarly) engine.restoreAccepted(kept);
      for (const source of ['pods', 'namespaces', 'networkPolicies'] as const) engine.setInSync(source);
      expect(rulesOf(applyDelta(emptyState(), engine.flush()), 'uid-shop/web')).toHaveLength(1);
      engine.deleteNetworkPolicy('shop', 'p');
      expect(engine.acceptedPolicies()).toEqual([]);
    }
  });

  it('R3 accepted versions of policies that are gone are dropped once the policies are listed', () => {
    const engine = new Engine({ node: 'n1' });
    engine.restoreAccepted([valid]);
    expect(engine.acceptedPolicies()).toHaveLength(1);
    engine.setInSync('networkPolicies');
    expect(engine.acceptedPolicies()).toEqual([]);
    engine.restoreAccepted([valid]);
    expect(engine.acceptedPolicies()).toEqual([]);
  });
});
