/** Table tests of the engine's promises about endpoints and addresses; SPEC.md has the rules that titles name. */
import { formatAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { Follower } from '../follower.ts';
import { attachmentOf, podOf, policyOf } from '../objects.ts';
import { at, db, fromDb, membershipsOf, programOf, rulesOf, shop, web } from './engine-scene.ts';

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
