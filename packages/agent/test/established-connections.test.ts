/** When established connections have to be looked at: after changes that can deny something, and only then. */
import { Engine } from '@weir/calc';
import type { ConnectionReview } from '@weir/dataplane';
import type { NetworkPolicySpec } from '@weir/kube';
import { defined, type Flow, formatAddress, parseAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { EstablishedConnections } from '../src/enforcement/established-connections.ts';
import { FaultyDataplane } from './support/faulty-dataplane.ts';

class Setup {
  readonly engine: Engine = new Engine({ node: 'n1' });
  readonly reviews: ConnectionReview[] = [];
  readonly dataplane: FaultyDataplane = new FaultyDataplane();
  heldBack = 0;
  fails = false;
  readonly quarantined = new Set<string>();
  readonly connections: EstablishedConnections;

  constructor() {
    for (const source of this.engine.sources) this.engine.setInSync(source);
    this.engine.upsertNamespace({ metadata: { name: 'shop' } });
    this.dataplane.endDenied = async (review: ConnectionReview) => {
      if (this.fails) throw new Error('no answer');
      this.reviews.push(review);
      return { looked: 0, ended: 0, heldBack: this.heldBack };
    };
    this.connections = new EstablishedConnections({
      engine: this.engine,
      dataplane: this.dataplane,
      isOwnAddress: () => false,
      isQuarantined: (uid) => this.quarantined.has(uid),
    });
  }

  pod(name: string, ip: string, { node = 'n2', role = name }: { node?: string; role?: string } = {}): this {
    this.engine.upsertPod({
      metadata: { namespace: 'shop', name, uid: name, labels: { role } },
      spec: { nodeName: node, containers: [] },
      status: { phase: 'Running', podIPs: [{ ip }] },
    });
    return this;
  }

  policy(spec: NetworkPolicySpec): this {
    this.engine.upsertNetworkPolicy({ metadata: { namespace: 'shop', name: 'p', uid: 'p' }, spec });
    return this;
  }

  /** Puts the changes into force and takes all looks that are due; gives the addresses of the first one. */
  async settle(): Promise<string[] | undefined> {
    const before = this.reviews.length;
    this.connections.applied(this.engine.flush());
    while (this.connections.dueInMs() !== undefined) await this.connections.look();
    return this.reviews[before]?.addresses.map(formatAddress).sort();
  }
}

const fromFriends: NetworkPolicySpec = {
  podSelector: { matchLabels: { role: 'web' } },
  ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'role', operator: 'In', values: ['friend', 'mate'] }] } }] }],
};

const flow = (source: string, destination: string): Flow => ({
  source: defined(parseAddress(source), source),
  destination: defined(parseAddress(destination), destination),
  protocol: protocolNumber.TCP,
  destinationPort: 80,
});

describe('established connections are looked at', () => {
  it('when a policy comes to isolate a local pod, twice, and judged by the new state', async () => {
    const setup = new Setup().pod('web', '10.0.0.1', { node: 'n1' }).pod('a', '10.0.0.2', { role: 'friend' });
    expect(await setup.settle()).toBeUndefined();
    expect(await setup.policy(fromFriends).settle()).toEqual(['10.0.0.1']);
    expect(setup.reviews).toHaveLength(2);
    expect(setup.connections.counts.looks).toBe(2);
    const review = defined(setup.reviews[0], 'there was a look');
    expect(review.isDenied(flow('10.0.0.2', '10.0.0.1'))).toBe(false);
    expect(review.isDenied(flow('10.0.0.9', '10.0.0.1'))).toBe(true);
    expect(review.isDenied(flow('10.0.0.9', '10.0.0.2'))).toBe(false);
    setup.quarantined.add('web');
    expect(review.isDenied(flow('10.0.0.9', '10.0.0.1'))).toBe(false);
  });

  it('not when peers come that are only let in, but when they leave or change', async () => {
    const setup = new Setup().pod('web', '10.0.0.1', { node: 'n1' }).policy(fromFriends);
    await setup.settle();
    expect(await setup.pod('a', '10.0.0.2', { role: 'friend' }).settle()).toBeUndefined();
    expect(await setup.pod('a', '10.0.0.2', { role: 'stranger' }).settle()).toEqual(['10.0.0.2']);
    expect(await setup.pod('a', '10.0.0.2', { role: 'mate' }).settle()).toBeUndefined();
    setup.engine.deletePod('shop', 'a');
    expect(await setup.settle()).toEqual(['10.0.0.2']);
  });

  it('not when a policy of other pods changes', async () => {
    const setup = new Setup().pod('web', '10.0.0.1', { node: 'n1' }).pod('other', '10.0.0.3');
    await setup.settle();
    expect(await setup.policy({ podSelector: { matchLabels: { role: 'other' } } }).settle()).toBeUndefined();
  });

  it('with every change while answers of ended ones are held back: they may be allowed again', async () => {
    const setup = new Setup().pod('web', '10.0.0.1', { node: 'n1' }).policy(fromFriends);
    setup.heldBack = 1;
    await setup.settle();
    setup.heldBack = 0;
    expect(await setup.pod('a', '10.0.0.2', { role: 'friend' }).settle()).toEqual([]);
    expect(await setup.pod('b', '10.0.0.4', { role: 'friend' }).settle()).toBeUndefined();
  });

  it('again when a look failed, and with a pause between two looks', async () => {
    const setup = new Setup().pod('web', '10.0.0.1', { node: 'n1' }).policy(fromFriends);
    setup.connections.applied(setup.engine.flush());
    expect(setup.connections.dueInMs()).toBe(0);
    setup.fails = true;
    await expect(setup.connections.look()).rejects.toThrow('no answer');
    expect(setup.connections.dueInMs()).toBeGreaterThan(0);
    setup.fails = false;
    await setup.connections.look();
    expect(setup.reviews[0]?.addresses.map(formatAddress)).toEqual(['10.0.0.1']);
    expect(setup.connections.dueInMs()).toBeGreaterThan(0);
  });
});
