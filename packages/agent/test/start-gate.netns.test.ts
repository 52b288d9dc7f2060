/** What the start gate promises, on real packets, with the agent as a process and a real API server. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { podsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowFrom, type NodeWorld, namespace, openNodeWorld, type TestPod } from './support/node-world.ts';

describe('the start gate', () => {
  let world: NodeWorld;
  let server: TestPod;

  beforeAll(async () => {
    world = await openNodeWorld();
    server = await world.addPod('server', { app: 'server' });
  });
  afterAll(async () => {
    await world.close();
  });

  it('answers 503 with the reason while the agent has not read the cluster, and 200 when it has', async () => {
    await world.closeApi();
    const agent = await world.startAgent('proxy', '--address-rest-seconds', '1');
    await world.until('the gate listens', () => lstatSync(world.gateSocket, { throwIfNoEntry: false }) !== undefined);
    const reply = await world.add(server);
    expect(reply.status).toBe(503);
    expect(reply.json.error).toContain('has not yet read');
    expect((await world.gate('GET', '/v1/health')).json).toMatchObject({ ready: false, synced: false, connected: false });
    await world.openApi();
    await world.attach(server);
    expect((await world.gate('GET', '/v1/health')).json).toMatchObject({ ready: true, endpoints: 1, refused: [], quarantined: [] });
    await world.untilLogged(agent, 'in sync and in force');
  });

  it('is a socket for root alone, in a directory for root alone, like the files of what is kept', () => {
    expect(statSync(world.gateSocket).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(world.gateSocket)).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(join(world.directory, 'state'))) {
      expect(statSync(join(world.directory, 'state', file)).mode & 0o777).toBe(0o600);
    }
  });

  it('is not taken from an agent that lives: the second one says so and exits', async () => {
    const second = await world.startAgent('proxy');
    expect(await second.exited).toBe(4);
    expect(second.stderr).toContain('only one agent may run on a node');
    expect((await world.gate('GET', '/v1/health')).status).toBe(200);
  });

  it('keeps a link closed that nobody attached, also when its pod is known, and opens it at the answer', async () => {
    const pod = await world.addPod('late');
    expect(await world.connects(pod, server, false)).toBe(false);
    expect(await world.connects(server, pod, false)).toBe(false);
    expect((await world.add(pod)).status).toBe(200);
    expect(await world.connects(pod, server, true)).toBe(true);
  });

  it('refuses with 400 a pod that is unknown, of another UID, of another node, and bodies that are none', async () => {
    expect(await world.add(server, { name: 'nobody' })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('not known') },
    });
    expect(await world.add(server, { uid: 'another' })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('not another') },
    });
    const elsewhere = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'elsewhere' },
      spec: { nodeName: 'n2', containers: [{ name: 'c', image: 'x' }] },
    };
    const created = await world.client.create<Pod>(podsPath(namespace), elsewhere);
    expect(await world.add(server, { name: 'elsewhere', uid: created.metadata.uid })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('node n2, not to n1') },
    });
    expect((await world.gate('POST', '/v1/endpoints', '{')).status).toBe(400);
    expect((await world.add(server, { addresses: ['10.77.0.1', '10.77.0.2'] })).status).toBe(400);
    expect((await world.add(server, { interface: 'a-name-that-is-too-long' })).status).toBe(400);
    expect(await world.gate('POST', '/v1/endpoints', 'x'.repeat(100_000))).toMatchObject({
      status: 400,
      json: { error: 'the body is longer than 65536 bytes' },
    });
    expect((await world.gate('GET', '/v1/nothing')).status).toBe(404);
  });

  it('judges the first packet of a pod by a policy made just before, however far the watches lag', async () => {
    const pod = await world.addPod('first-packet', { app: 'first-packet' });
    world.proxy.hold();
    try {
      await world.addPolicy('no-egress', { podSelector: { matchLabels: { app: 'first-packet' } }, policyTypes: ['Egress'] });
      expect((await world.add(pod)).status).toBe(200);
      expect(await world.connects(pod, server, false)).toBe(false);
    } finally {
      world.proxy.release();
    }
    await world.deletePolicy('no-egress');
    await world.becomes(pod, server, true);
  });

  it('does not let a pod start under a policy deleted just before, however far the watches lag', async () => {
    await world.addPolicy('closed', allowFrom({ app: 'after-deletion' }));
    await world.addPolicy('open-to-server', allowFrom({ app: 'after-deletion' }, { app: 'server' }));
    const pod = await world.addPod('after-deletion', { app: 'after-deletion' });
    await world.attach(pod);
    await world.becomes(server, pod, true);
    world.proxy.hold();
    try {
      await world.deletePolicy('open-to-server');
      expect(await world.connects(server, pod, true)).toBe(true);
      expect((await world.add(pod)).status).toBe(200);
      expect(await world.connects(server, pod, false)).toBe(false);
      await world.addPolicy('open-again', allowFrom({ app: 'after-deletion' }, { app: 'server' }));
      expect((await world.add(pod)).status).toBe(200);
      expect(await world.connects(server, pod, true)).toBe(true);
    } finally {
      world.proxy.release();
    }
    await world.deletePolicy('open-again');
    await world.becomes(server, pod, false);
  });

  it('answers many pods at once with few transactions and few reads', async () => {
    const pods: TestPod[] = [];
    for (let i = 0; i < 30; i++) pods.push(await world.addPod(`many-${i}`));
    const before = (await world.gate('GET', '/v1/health')).json.transactions as number;
    const lists = world.proxy.policyLists;
    const replies = await Promise.all(pods.map((pod) => world.add(pod)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(((await world.gate('GET', '/v1/health')).json.transactions as number) - before).toBeLessThan(15);
    expect(world.proxy.policyLists - lists).toBeLessThan(15);
    expect(await world.connects(pods[29] as TestPod, server, true)).toBe(true);
  });

  it('closes a pod at DELETE, ends its connections in the kernel before it answers, and can be asked again', async () => {
    const pod = await world.addPod('leaving');
    await world.attach(pod);
    expect(await world.connects(pod, server, true)).toBe(true);
    expect(world.run(world.node, 'conntrack', '-L', '-s', pod.address)).toContain(`src=${pod.address}`);
    for (let i = 0; i < 2; i++) expect((await world.gate('DELETE', `/v1/endpoints/${pod.uid}`)).status).toBe(200);
    expect(world.run(world.node, 'conntrack', '-L', '-s', pod.address)).not.toContain(`src=${pod.address}`);
    expect(world.run(world.node, 'nft', 'list', 'table', 'inet', 'weir')).not.toContain(`${pod.address} `);
    expect(await world.connects(pod, server, false)).toBe(false);
    expect((await world.add(pod)).status).toBe(200);
    expect(await world.connects(pod, server, true)).toBe(true);
  });

  it('gives a link and an address to the pod that was announced last, after a rest', async () => {
    const old = await world.addPod('old-owner');
    await world.attach(old);
    await world.client.delete(podsPath(namespace), old.name, { gracePeriodSeconds: 0 });
    const next = { ...(await world.addPod('next-owner')), interface: old.interface, address: old.address, netns: old.netns };
    const endpoints = (await world.gate('GET', '/v1/health')).json.endpoints as number;
    expect(await world.add(next)).toMatchObject({ status: 503, json: { error: expect.stringContaining('it rests for 1 s') } });
    expect((await world.gate('GET', '/v1/health')).json.endpoints).toBe(endpoints - 1);
    expect(await world.connects(next, server, false)).toBe(false);
    await world.until('the address has rested', async () => (await world.add(next)).status === 200);
    expect((await world.gate('GET', '/v1/health')).json.endpoints).toBe(endpoints);
    expect(await world.connects(next, server, true)).toBe(true);
  });

  it('refuses a path that is something else than a socket', async () => {
    const agent = await world.startAgent('proxy', '--gate-socket', join(world.directory, 'kubeconfig'));
    expect(await agent.exited).toBe(4);
    expect(agent.stderr).toContain('is no socket');
  });
});
