/** Table tests of the engine's promises about state and deltas; SPEC.md has the rules that titles name. */
import { formatAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { applyDelta, Engine, emptyDelta, emptyState, isEmpty, squash } from '../../src/index.ts';
import { Follower } from '../follower.ts';
import { podOf } from '../objects.ts';
import { db, fromDb, shop, web } from './engine-scene.ts';

describe('state and deltas', () => {
  it('S7 nothing is said before all sources are in sync, whatever happens; then the whole state at once', () => {
    const follower = new Follower({ inSync: false });
    const { engine } = follower;
    follower.tell({ namespaces: [shop], pods: [web, db], policies: [fromDb] });
    const last = 'networkpolicies.networking.k8s.io';
    for (const source of engine.sources.filter((one) => one !== last)) {
      expect(isEmpty(follower.flush())).toBe(true);
      engine.setInSync(source);
    }
    follower.tell({ namespaces: [shop], pods: [web], policies: [fromDb] });
    expect(follower.flush()).toEqual(emptyDelta);
    engine.setInSync(last);
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
    for (const source of engine.sources) engine.setInSync(source);
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
