/** The flow log on real packets: who talked to whom, and which rule said what. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openUdp } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowFrom, type NodeWorld, namespace, openNodeWorld, port, type TestPod } from './support/node-world.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into lines of any shape
type Line = any;

const rate = 50;

describe('the flow log', () => {
  let world: NodeWorld;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;
  let file = '';

  const lines = (): Line[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      // Behind the last end of a line there is nothing, or a line that is being written.
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const flows = (): Line[] => lines().filter(({ verdict }) => verdict !== undefined);
  const between = (from: TestPod, to: string): Line[] =>
    flows().filter(
      ({ source, destination }) => source.ip === from.address && (destination.ip === to || destination.pod === `${namespace}/${to}`),
    );
  const dropped = (): number => lines().reduce((sum: number, line) => sum + (line.dropped?.rate ?? 0) + (line.dropped?.queue ?? 0), 0);

  let sourcePort = 10_000;
  /** Datagrams, each from a port of its own, so that each is a new connection. */
  async function sendApart(from: TestPod, to: { readonly address: string; readonly port: number }, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const socket = openUdp({ netns: from.netns, address: '0.0.0.0', port: sourcePort++ });
      await new Promise<void>((resolve) => socket.send('x', to.port, to.address, () => resolve()));
      socket.close();
    }
  }

  beforeAll(async () => {
    world = await openNodeWorld();
    file = join(world.directory, 'flows.jsonl');
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger', { role: 'stranger' });
    await world.startAgent('tls', '--flow-log', file, '--flow-rate', String(rate));
    await world.attach(server, friend, stranger);
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    await world.becomes(stranger, server, false);
    await world.becomes(friend, server, true);
  });
  afterAll(async () => {
    await world.close();
  });

  it('tells of an allowed connection with the rule that let it in, and of a denied one with the policies that isolate', async () => {
    await world.until(
      'both are told',
      () => between(friend, 'server').length > 0 && between(stranger, 'server').some(({ verdict }) => verdict === 'deny'),
    );
    const [allowed] = between(friend, 'server').filter(({ ingress }) => ingress.decidedBy.reason === 'rule');
    expect(allowed).toMatchObject({
      node: 'n1',
      verdict: 'allow',
      direction: 'both',
      source: { pod: `${namespace}/friend`, ip: friend.address, port: expect.any(Number) },
      destination: { pod: `${namespace}/server`, ip: server.address, port },
      protocol: 'TCP',
      port,
      egress: { verdict: 'allow', decidedBy: { reason: 'no policy' } },
      ingress: {
        verdict: 'allow',
        decidedBy: { kind: 'NetworkPolicy', namespace, name: 'server', direction: 'ingress', rule: 0, id: expect.any(String) },
      },
    });
    const denied = between(stranger, 'server').find(({ verdict }) => verdict === 'deny');
    expect(denied).toMatchObject({
      verdict: 'deny',
      direction: 'ingress',
      destination: { port },
      ingress: {
        verdict: 'deny',
        isolatedBy: [{ kind: 'NetworkPolicy', namespace, name: 'server' }],
        decidedBy: { reason: 'end of tier' },
      },
    });
    expect(denied.egress).toBeUndefined();
    expect(new Date(allowed.time).toISOString()).toBe(allowed.time);
  });

  it('tells of a connection through a service what was spoken to and what answered, or would have', async () => {
    world.run(
      world.node,
      'nft',
      `add table inet service { chain pre { type nat hook prerouting priority dstnat; ip daddr 10.99.0.1 udp dport 53 dnat ip to ${server.address}:5353; }; }`,
    );
    await sendApart(friend, { address: '10.99.0.1', port: 53 }, 1);
    await world.until('it is told', () => between(friend, 'server').some(({ protocol }) => protocol === 'UDP'));
    expect(between(friend, 'server').find(({ protocol }) => protocol === 'UDP')).toMatchObject({
      verdict: 'allow',
      service: { ip: '10.99.0.1', port: 53 },
      destination: { ip: server.address, port: 5353 },
      port: 5353,
    });
    await sendApart(stranger, { address: '10.99.0.1', port: 53 }, 1);
    await world.until('its denial is told', () => between(stranger, 'server').some(({ protocol }) => protocol === 'UDP'));
    expect(between(stranger, 'server').find(({ protocol }) => protocol === 'UDP')).toMatchObject({
      verdict: 'deny',
      service: { ip: '10.99.0.1', port: 53 },
      destination: { ip: server.address, port: 5353 },
    });
  });

  it('tells of what is denied on the way out with that direction, and to addresses that are nobody’s', async () => {
    await world.addPolicy('no-egress', { podSelector: { matchLabels: { role: 'stranger' } }, policyTypes: ['Egress'] });
    await world.becomes(stranger, friend, false);
    await sendApart(stranger, { address: '192.0.2.1', port: 9 }, 1);
    await world.until(
      'both are told',
      () => between(stranger, '192.0.2.1').length > 0 && between(stranger, 'friend').some(({ verdict }) => verdict === 'deny'),
    );
    const [toNode] = between(stranger, '192.0.2.1');
    expect(toNode).toMatchObject({
      verdict: 'deny',
      direction: 'egress',
      protocol: 'UDP',
      port: 9,
      destination: { ip: '192.0.2.1', port: 9 },
    });
    expect(toNode.egress.isolatedBy).toEqual([expect.objectContaining({ name: 'no-egress' })]);
    await world.deletePolicy('no-egress');
    await world.becomes(stranger, friend, true);
  });

  it('tells of packets from and to addresses that no pod has, and of those with the address of another pod, with the reason', async () => {
    const late = await world.addPod('late');
    const nobody = '192.0.2.55';
    const sendAs = async (source: string, to: TestPod): Promise<void> => {
      world.run(stranger.netns, 'ip', 'address', 'add', `${source}/32`, 'dev', 'lo');
      const socket = openUdp({ netns: stranger.netns, address: source, port: 0 });
      for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => socket.send('x', 779, to.address, () => resolve()));
      socket.close();
      world.run(stranger.netns, 'ip', 'address', 'del', `${source}/32`, 'dev', 'lo');
    };
    await sendAs(nobody, server);
    await sendAs(friend.address, server);
    await sendApart(friend, { address: late.address, port: 779 }, 1);
    const told = (): Line[] => flows().filter(({ port: number }) => number === 779);
    await world.until('all three are told', () => told().length >= 3);
    const expected = (source: string, destination: string, direction: string, reason: string): object =>
      expect.objectContaining({
        verdict: 'deny',
        direction,
        source: expect.objectContaining({ ip: source }) as object,
        destination: expect.objectContaining({ ip: destination }) as object,
        protocol: 'UDP',
        [direction]: { verdict: 'deny', decidedBy: { reason } },
      }) as object;
    expect(told()).toEqual(
      expect.arrayContaining([
        expected(nobody, server.address, 'egress', 'closed'),
        expected(friend.address, server.address, 'egress', 'forged'),
        expected(friend.address, late.address, 'ingress', 'closed'),
      ]),
    );
    expect(told()).toHaveLength(3);
  });

  it('tells of an attempt once, however often its packets are sent again', async () => {
    const socket = openUdp({ netns: stranger.netns, address: '0.0.0.0', port: 40_001 });
    for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => socket.send('again', 777, server.address, () => resolve()));
    socket.close();
    await sendApart(stranger, { address: server.address, port: 778 }, 1);
    const told = (wanted: number): Line[] => between(stranger, 'server').filter(({ port: number }) => number === wanted);
    await world.until('what came after is told', () => told(778).length > 0);
    expect(told(777)).toHaveLength(1);
  });

  it('tells of no more than --flow-rate a second, and how many it left out', async () => {
    const attempts = 2_000;
    const toldOf = (number: number): number => between(stranger, 'server').filter((line) => line.port === number).length;
    for (const [number, from] of [[5000, stranger] as const, [5001, friend] as const]) {
      const droppedBefore = dropped();
      const startedAtMs = Date.now();
      await sendApart(from, { address: server.address, port: number }, attempts);
      const told = (): number => between(from, 'server').filter((line) => line.port === number).length;
      await world.until('all are told or counted', () => told() + dropped() - droppedBefore >= attempts);
      const seconds = (Date.now() - startedAtMs) / 1_000;
      expect(told() + dropped() - droppedBefore).toBe(attempts);
      // A second's worth at once, and then so many a second; told and counted a little later.
      expect(told()).toBeGreaterThanOrEqual(1);
      expect(told()).toBeLessThanOrEqual(rate * (seconds + 2));
    }
    expect(toldOf(5000)).toBeGreaterThan(0);
  });
});
