/** Table tests of the engine's promises about selectors, sets and classes; SPEC.md has the rules that titles name. */
import type { NetworkPolicy } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { Follower } from '../follower.ts';
import { namespaceOf, podOf, policyOf } from '../objects.ts';
import { at, db, denyAll, fromDb, membershipsOf, membersOf, programOf, rulesOf, shop, web } from './engine-scene.ts';

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
