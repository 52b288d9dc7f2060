/**
 * Never a leak when an address changes hands: the permissions and connections of the pod that had it do
 * not serve the next one, on its node and on another whose agent learns of it late or not at all.
 */
import type { Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { podsPath } from '@weir/client';
import { openUdp } from '@weir/kernel';
import { DatagramStream, PacketCounter } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentProcess, allowFrom, type NodeWorld, namespace, type TestPod } from './support/node-world.ts';
import { unlinkPod } from './support/pod-link.ts';
import { openTwoNodes, type TwoNodes } from './support/two-nodes.ts';

/** Where both pods send, and the port that they send from when they always send from one. */
const port = 7001;
const sourcePort = 5_555;
const restSeconds = 3;

describe('an address that is given to another pod at once', () => {
  let nodes: TwoNodes;
  let near: NodeWorld;
  let far: NodeWorld;
  let agent: AgentProcess;
  /** On the far node: what lets friends in only, and what lets everybody in. */
  let server: TestPod;
  let witness: TestPod;
  const echoes: Socket[] = [];
  const streams: DatagramStream[] = [];

  beforeAll(async () => {
    nodes = await openTwoNodes();
    ({ near, far } = nodes);
    await near.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    await near.addPolicy('closed', allowFrom({ app: 'closed' }, { role: 'nobody' }));
    agent = await near.startAgent('proxy', '--local-pods', 'announced', '--address-rest-seconds', String(restSeconds));
    await far.startAgent('proxy');
    server = await far.addPod('server', { app: 'server' });
    witness = await far.addPod('witness');
    await far.attach(server, witness);
    echoes.push(echo(server));
  });
  afterAll(async () => {
    for (const stream of streams) stream.kill();
    for (const socket of echoes) socket.close();
    await nodes?.close();
  });

  /** Answers every datagram, so that it makes a connection. */
  const echo = ({ netns }: TestPod): Socket => {
    const socket = openUdp({ netns, address: '0.0.0.0', port });
    socket.on('error', () => undefined);
    socket.on('message', (message, from) => socket.send(message, from.port, from.address, () => undefined));
    return socket;
  };
  /** New connections, and datagrams of one connection, to the pods. */
  const streamTo = async (from: TestPod, ...to: readonly TestPod[]): Promise<DatagramStream> => {
    const lanes = to.flatMap(({ address }) => [
      { address, port, flow: 'each' as const },
      { address, port, flow: 'all' as const, sourcePort: sourcePort + to.findIndex((each) => each.address === address) },
    ]);
    const stream = await DatagramStream.start(from.netns, lanes);
    streams.push(stream);
    return stream;
  };
  const arrivalsAt = (pod: TestPod, from: TestPod): PacketCounter<'one' | 'each'> =>
    new PacketCounter(pod.netns, {
      one: `ip saddr ${from.address} udp sport ${sourcePort} udp dport ${port}`,
      each: `ip saddr ${from.address} udp sport != ${sourcePort} udp dport ${port}`,
    });
  const leave = (pod: TestPod): Promise<unknown> => near.client.delete(podsPath(namespace), pod.name, { gracePeriodSeconds: 0 });
  /** The node takes a pod off as a node does: its link, its rules, its object. */
  const takeOff = async (pod: TestPod): Promise<void> => {
    unlinkPod(near.node, pod);
    expect((await near.gate('DELETE', `/v1/endpoints/${pod.uid}`)).status).toBe(200);
    await leave(pod);
  };
  const admitted = (pod: TestPod): Promise<void> => near.until(`${pod.name} may start`, async () => (await near.add(pod)).status === 200);
  const waitsAtGate = async (pod: TestPod): Promise<void> => {
    expect(await near.add(pod)).toMatchObject({ status: 503, json: { error: expect.stringMatching(/rests for \d s/) } });
  };

  it('serves neither the new pod as the old one nor the other way round, on both nodes, also when the far one is late and misses the deletion', async () => {
    const old = await near.addPod('old', { role: 'friend' });
    await near.attach(old);
    const sent = arrivalsAt(server, old);
    const received = arrivalsAt(old, server);
    echoes.push(echo(old));
    const toServer = await streamTo(old, server);
    const toOld = await streamTo(server, old);
    await near.until('both directions flow', () =>
      [sent, received].every((counter) => Object.values(counter.counts()).every((count) => count > 20)),
    );
    await toServer.stop();

    // Creation times have seconds: for a node that missed the deletion the younger pod is the one that has the address.
    const second = Math.floor(Date.now() / 1_000);
    await near.until('the clock has gone on', () => Math.floor(Date.now() / 1_000) > second);
    far.proxy.rewrite = (line) => (line.includes('"type":"DELETED"') && line.includes(old.uid) ? '' : line);
    far.proxy.hold();
    await takeOff(old);
    const next = await near.addPod('next', { app: 'closed' }, { addressOf: old });
    const atNext = arrivalsAt(next, server);
    await near.setRunning(next);
    await waitsAtGate(next);
    far.proxy.release();
    await admitted(next);
    expect(far.run(far.node, 'conntrack', '-L', '-s', next.address)).not.toContain(`sport=${sourcePort}`);

    const atServer = arrivalsAt(server, next);
    const atWitness = arrivalsAt(witness, next);
    const fromNext = await streamTo(next, server, witness);
    await near.until('the new pod is heard where it may be', () => atWitness.counts().each > 200);
    await fromNext.stop();
    const [sentToNext = 0] = await toOld.stop();
    expect(sentToNext).toBeGreaterThan(200);
    expect(await atServer.settled()).toEqual({ one: 0, each: 0 });
    expect(await atNext.settled()).toEqual({ one: 0, each: 0 });
    far.proxy.rewrite = (line) => line;
  });

  it('is closed to the pod that had it and was never taken off its node, and that pod is not taken for the new one', async () => {
    const old = await near.addPod('kept', { role: 'friend' });
    await near.attach(old);
    const before = arrivalsAt(server, old);
    const stream = await streamTo(old, server);
    await near.until('the old pod is heard', () => before.counts().each > 20);
    const next = await near.addPod('usurper', { role: 'friend' }, { addressOf: old });
    await near.setRunning(next);
    await waitsAtGate(next);
    const after = arrivalsAt(server, old);
    await admitted(next);
    await sleep(100);
    const [sent = 0] = await stream.stop();
    expect(sent).toBeGreaterThan(100);
    expect(await after.settled()).toEqual({ one: 0, each: 0 });
    const own = await streamTo(next, server);
    await near.until('the new pod is heard', () => after.counts().each > 20);
    await own.stop();
    unlinkPod(near.node, old);
    for (const pod of [old, next]) await leave(pod);
  });

  it('would serve the new pod as the old one for as long as the far node is late, without the rest', async () => {
    await agent.end('SIGTERM');
    await near.startAgent('proxy', '--address-rest-seconds', '0');
    await near.untilReady();
    const old = await near.addPod('hasty-old', { role: 'friend' });
    await near.attach(old);
    const before = arrivalsAt(server, old);
    const known = await streamTo(old, server);
    await near.until('the far node knows it', () => before.counts().each > 20);
    await known.stop();
    far.proxy.hold();
    try {
      await takeOff(old);
      const next = await near.addPod('hasty-next', {}, { addressOf: old });
      await near.setRunning(next);
      expect((await near.add(next)).status).toBe(200);
      const counter = arrivalsAt(server, next);
      const stream = await streamTo(next, server);
      await near.until('the leak that the rest prevents', () => counter.counts().each > 20);
      await stream.stop();
    } finally {
      far.proxy.release();
    }
  });
});
