/** Rules outlive the agent and the API server, and what changed meanwhile comes into force: on real packets. */
import { type ChildProcess, spawn } from 'node:child_process';
import { podsPath } from '@weir/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentProcess, allowFrom, type NodeWorld, namespace, openNodeWorld, type TestPod } from './support/node-world.ts';

/** Sends a datagram from a fresh port to each of two ports every 2 ms: each is a new flow that policies judge. */
const prober = `
const { createSocket } = require('node:dgram');
const [address, ...ports] = process.argv.slice(1);
setInterval(() => {
  for (const port of ports) {
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    socket.send('probe', Number(port), address, () => socket.close());
  }
}, 2);
`;

describe('an agent that stops, dies or loses the API server', () => {
  let world: NodeWorld;
  let agent: AgentProcess;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;

  beforeAll(async () => {
    world = await openNodeWorld();
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger');
    agent = await world.startAgent();
    await world.attach(server, friend, stranger);
    await world.becomes(friend, server, true);
  });
  afterAll(async () => {
    await world.close();
  });

  const rulesHold = async (): Promise<void> => {
    expect(await world.connects(friend, server, true)).toBe(true);
    expect(await world.connects(stranger, server, false)).toBe(false);
  };
  /** Lets the stranger in and the friend out, or the other way round. */
  const swapRoles = async (friendName: string, strangerName: string): Promise<void> => {
    await world.label(friendName, { role: 'friend' });
    await world.label(strangerName, { role: null });
  };

  it('leaves its rules when it is stopped, exits with 0, takes its socket away, and follows again when it is back', async () => {
    expect(await agent.end('SIGTERM')).toBe(0);
    await rulesHold();
    await expect(world.gate('GET', '/v1/health')).rejects.toThrow('ENOENT');
    await swapRoles('stranger', 'friend');
    await rulesHold();
    agent = await world.startAgent();
    await world.becomes(stranger, server, true);
    await world.becomes(friend, server, false);
    await swapRoles('friend', 'stranger');
    await world.becomes(stranger, server, false);
    await world.becomes(friend, server, true);
  });

  it('stops at once while a pod waits at the gate', async () => {
    await world.closeApi();
    const waiting = world.add(server);
    expect(await agent.end('SIGTERM')).toBe(0);
    expect((await waiting.catch(() => ({ status: 503 }))).status).toBe(503);
    await world.openApi();
    agent = await world.startAgent();
    await world.untilReady();
  });

  it('leaves its rules when it is killed, and remembers which link belongs to which pod', async () => {
    await agent.end('SIGKILL');
    await rulesHold();
    agent = await world.startAgent();
    await world.untilReady();
    await rulesHold();
    const { endpoints } = (await world.gate('GET', '/v1/dump')).json;
    expect(endpoints.upserts).toHaveLength(3);
    for (const pod of [server, friend, stranger]) {
      expect(endpoints.upserts).toContainEqual(expect.objectContaining({ uid: pod.uid, interface: pod.interface }));
    }
  });

  it('forgets a pod that went away while it was dead', async () => {
    const pod = await world.addPod('short-lived');
    await world.attach(pod);
    await agent.end('SIGKILL');
    await world.client.delete(podsPath(namespace), pod.name, { gracePeriodSeconds: 0 });
    agent = await world.startAgent();
    await world.untilReady();
    expect((await world.gate('GET', '/v1/health')).json.endpoints).toBe(3);
    expect(await world.connects(pod, server, false)).toBe(false);
    expect(world.run(world.node, 'nft', 'list', 'table', 'inet', 'weir')).not.toContain(pod.uid);
  });

  it('keeps its rules while the API server is away, says so once, and takes over what was changed meanwhile', async () => {
    const troubleLines = (): number => agent.log.filter(({ msg }) => String(msg).startsWith('trouble with the API server')).length;
    await world.closeApi();
    await world.until('the loss is noticed', async () => (await world.gate('GET', '/v1/health')).json.connected === false);
    await rulesHold();
    const reply = await world.add(server);
    expect(reply).toMatchObject({ status: 503, json: { error: expect.stringContaining('could not be asked') } });
    // Changes that this agent cannot see: its server starts again with a history that begins after them, so its watches get 410.
    await world.openApi({ apart: true });
    await swapRoles('stranger', 'friend');
    await world.closeApi();
    await rulesHold();
    await world.openApi();
    await world.becomes(stranger, server, true);
    await world.becomes(friend, server, false);
    expect(troubleLines()).toBeGreaterThanOrEqual(1);
    expect(troubleLines()).toBeLessThanOrEqual(3);
    await world.untilLogged(agent, 'the API server answers again');
    await swapRoles('friend', 'stranger');
    await world.becomes(friend, server, true);
    await world.becomes(stranger, server, false);
  });

  it('lists again when its watches are told that their version is gone', async () => {
    await agent.end('SIGTERM');
    agent = await world.startAgent('proxy');
    await world.untilReady();
    world.proxy.hold();
    await swapRoles('stranger', 'friend');
    world.proxy.expireWatches();
    world.proxy.release();
    await world.becomes(stranger, server, true);
    await world.becomes(friend, server, false);
    expect(world.proxy.expired).toBe(3);
    await swapRoles('friend', 'stranger');
    await world.becomes(friend, server, true);
    await world.becomes(stranger, server, false);
    await agent.end('SIGTERM');
    agent = await world.startAgent();
    await world.untilReady();
  });

  it('adopts what is in force without a gap: killed and started ten times, it loses no allowed packet and leaks no denied one', async () => {
    const count = (netns: string, rules: string): string =>
      world.run(
        netns,
        'nft',
        `add table inet count { chain c { type filter hook ${rules}; udp dport 7001 counter; udp dport 7002 counter; }; }`,
      );
    const counted = (netns: string): number[] =>
      [...world.run(netns, 'nft', 'list', 'table', 'inet', 'count').matchAll(/packets (\d+)/g)].map((found) => Number(found[1]));
    await world.addPolicy('probed', {
      podSelector: { matchLabels: { app: 'probed' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { role: 'friend' } } }], ports: [{ protocol: 'UDP', port: 7001 }] }],
    });
    const probed = await world.addPod('probed', { app: 'probed' });
    await world.attach(probed);
    count(friend.netns, 'output priority 0');
    count(probed.netns, 'input priority 0');
    const probes: ChildProcess = spawn(
      'ip',
      ['netns', 'exec', friend.netns, process.execPath, '-e', prober, probed.address, '7001', '7002'],
      { stdio: 'ignore' },
    );
    try {
      await world.until('probes arrive', () => (counted(probed.netns)[0] ?? 0) > 100);
      for (let i = 0; i < 10; i++) {
        await agent.end('SIGKILL');
        agent = await world.startAgent();
        await world.untilReady();
      }
    } finally {
      const ended = new Promise((resolve) => probes.once('close', resolve));
      probes.kill('SIGKILL');
      await ended;
    }
    const [allowed = 0, denied = 0] = counted(friend.netns);
    expect(denied).toBeGreaterThan(500);
    await world.until('the last probes arrive', () => counted(probed.netns)[0] === allowed);
    expect(counted(probed.netns)).toEqual([allowed, 0]);
  });
});
