/**
 * Cilium's policies on real packets: denials before everything that is allowed, and names, of which what the DNS of the node
 * tells the agent decides who is reached.
 */

import { statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { ResourcePath } from '@weir/client';
import { ciliumDefinitions } from '@weir/compile';
import { createNetns, deleteNetns, listenTcp } from '@weir/kernel';
import type { KubeObject } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentProcess } from './support/agent-process.ts';
import { type NodeWorld, namespace, openNodeWorld, port, type TestPod } from './support/node-world.ts';
import { linkPod } from './support/pod-link.ts';

const definitionsPath: ResourcePath = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
const policiesPath: ResourcePath = { group: 'cilium.io', version: 'v2', resource: 'ciliumnetworkpolicies', namespace };

describe('policies of Cilium', () => {
  let world: NodeWorld;
  let agent: AgentProcess;
  const startAgent = async (...more: readonly string[]): Promise<void> => {
    agent = await world.startAgent('tls', '--profile', 'cilium', '--address-rest-seconds', '1', ...more);
  };
  let client: TestPod;
  let inside: TestPod;
  let visitor: TestPod;
  const outside: TestPod[] = [];
  const servers: Server[] = [];

  /** A host beyond the node: its link is none of a pod's. */
  function addHost(number: number): TestPod {
    const host: TestPod = {
      name: `host-${number}`,
      uid: '',
      netns: `${world.node}-o${number}`,
      interface: `o${world.prefix}${number}`,
      address: `203.0.113.${number}`,
      address6: `2001:db8::${number}`,
    };
    createNetns(host.netns);
    outside.push(host);
    linkPod(world.node, host);
    const server = createServer((socket) => socket.on('error', () => socket.destroy()));
    listenTcp(server, { netns: host.netns, address: host.address, port });
    servers.push(server);
    return host;
  }

  const resolve = async (name: string, host: { readonly address: string }, ttl: number): Promise<void> => {
    expect((await world.ask(world.namesSocket, 'POST', '/v1/answers', { name, addresses: [{ address: host.address, ttl }] })).status).toBe(
      200,
    );
  };

  const addPolicy = async (name: string, spec: object, annotations: Readonly<Record<string, string>> = {}): Promise<void> => {
    const policy = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name, namespace, annotations }, spec };
    await world.client.create<KubeObject>(policiesPath, policy);
  };

  beforeAll(async () => {
    world = await openNodeWorld();
    for (const definition of ciliumDefinitions) await world.client.create(definitionsPath, definition);
    await world.until('the kinds are served', async () => (await world.client.list(policiesPath).catch(() => undefined)) !== undefined);
    client = await world.addPod('client', { app: 'client' });
    visitor = await world.addPod('visitor', { app: 'visitor' });
    inside = await world.addPod('inside', { is: 'inside' });
    const spec = {
      endpointSelector: { matchLabels: { app: 'client' } },
      egress: [
        { toFQDNs: [{ matchName: 'shop.example' }, { matchPattern: '*.shop.example' }], toPorts: [{ ports: [{ port: String(port) }] }] },
      ],
    };
    await addPolicy('names', spec);
    await startAgent('--names-socket', world.namesSocket);
    await world.attach(client, inside, visitor);
    await world.untilReady();
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await world.close();
    for (const { netns } of outside) deleteNetns(netns);
  });

  it('with names mean nobody before they are asked for, and at the first packet who the answer named', async () => {
    const host = addHost(1);
    expect(await world.connects(client, host, false)).toBe(false);
    await resolve('shop.example', host, 3_600);
    expect(await world.connects(client, host, true)).toBe(true);
  });

  it('with names mean nobody whom another name resolved to', async () => {
    const host = addHost(2);
    await resolve('other.example', host, 3_600);
    expect(await world.connects(client, host, false)).toBe(false);
  });

  it('with names may have patterns', async () => {
    const host = addHost(3);
    await resolve('www.shop.example', host, 3_600);
    expect(await world.connects(client, host, true)).toBe(true);
  });

  it('with names mean an address for as long as its answer lives', async () => {
    const host = addHost(4);
    await resolve('shop.example', host, 2);
    await world.becomes(client, host, false);
    await resolve('shop.example', host, 3_600);
    expect(await world.connects(client, host, true)).toBe(true);
  });

  it('with names mean the same after a restart of the agent, without being asked for again', async () => {
    const host = addHost(5);
    await resolve('shop.example', host, 3_600);
    expect(await world.connects(client, host, true)).toBe(true);
    await agent.end('SIGTERM');
    await startAgent('--names-socket', world.namesSocket);
    await world.untilReady();
    expect(await world.connects(client, host, true)).toBe(true);
  });

  it('with names never mean a pod, whatever an answer says', async () => {
    await resolve('shop.example', inside, 3_600);
    expect(await world.connects(client, inside, false)).toBe(false);
  });

  it('with names are told by whom the socket lets, in answers that are some, and by nobody else', async () => {
    expect(statSync(world.namesSocket).mode & 0o777).toBe(0o660);
    expect((await world.ask(world.namesSocket, 'GET', '/v1/dump')).status).toBe(404);
    expect((await world.gate('POST', '/v1/answers', { name: 'shop.example', addresses: [] })).status).toBe(404);
    expect((await world.ask(world.namesSocket, 'POST', '/v1/answers', { name: '', addresses: [] })).status).toBe(400);
  });

  it('deny before what others allow, those of Kubernetes among them', async () => {
    const onInside = { endpointSelector: { matchLabels: { is: 'inside' } } };
    expect(await world.connects(visitor, inside, true)).toBe(true);
    await world.addPolicy('all', { podSelector: { matchLabels: { is: 'inside' } }, ingress: [{}] });
    await addPolicy(
      'denial',
      { ...onInside, ingressDeny: [{ fromEndpoints: [{ matchLabels: { app: 'visitor' } }] }] },
      { 'weir/audit-mode': 'true' },
    );
    await addPolicy('later', { ...onInside, ingress: [{ fromEntities: ['all'] }] });
    // In audit mode it is computed alone: what came behind it is in force, and everybody gets through.
    await world.until('the agent has read what came last', async () =>
      JSON.stringify((await world.gate('GET', '/v1/dump')).json).includes('later'),
    );
    expect(await world.connects(visitor, inside, true)).toBe(true);
    await world.client.patch(policiesPath, 'denial', { metadata: { annotations: null } }, { type: 'merge' });
    await world.becomes(visitor, inside, false);
  });

  it('that need a proxy are refused as a whole, and close whom they select', async () => {
    const toPorts = [{ ports: [{ port: String(port), protocol: 'TCP' }], rules: { http: [{ method: 'GET' }] } }];
    await addPolicy('http', { endpointSelector: { matchLabels: { app: 'visitor' } }, ingress: [{ toPorts }] });
    await world.becomes(inside, visitor, false);
    expect((await world.gate('GET', '/v1/health')).json.refused).toContainEqual(
      expect.objectContaining({ policy: 'demo/http', inForce: 'closed' }),
    );
  });

  it('say in their status whether they are refused, and why', async () => {
    const toldOf = async (name: string): Promise<object | undefined> => {
      const found = await world.client.get<KubeObject & { readonly status?: { readonly conditions?: readonly object[] } }>(
        policiesPath,
        name,
      );
      return found.status?.conditions?.[0];
    };
    await world.until('the refusal is told', async () => (await toldOf('http')) !== undefined);
    expect(await toldOf('http')).toEqual({
      type: 'Valid',
      status: 'False',
      reason: 'PolicyRefused',
      message: expect.stringMatching(/ingress\[0\]\.toPorts\[0\]\.rules\.http/),
      lastTransitionTime: expect.stringMatching(/^\d{4}-/),
    });
    const spec = { ingress: [{ toPorts: [{ ports: [{ port: String(port), protocol: 'TCP' }] }] }] };
    await world.client.patch(policiesPath, 'http', { spec }, { type: 'merge' });
    await world.becomes(inside, visitor, true);
    await world.until('the end of the refusal is told', async () => JSON.stringify(await toldOf('http')).includes('"True"'));
    expect(await toldOf('http')).toMatchObject({ type: 'Valid', status: 'True', reason: 'PolicyAccepted' });
    // Nobody refused it, so there is nothing to tell.
    expect(await toldOf('names')).toBeUndefined();
  });

  it('with names are refused as a whole, and close whom they select, where nobody tells of names', async () => {
    const host = addHost(6);
    await resolve('shop.example', host, 3_600);
    expect(await world.connects(client, host, true)).toBe(true);
    await agent.end('SIGTERM');
    await startAgent();
    await world.untilReady();
    await world.becomes(client, host, false);
    expect((await world.gate('GET', '/v1/health')).json.refused).toContainEqual(
      expect.objectContaining({
        policy: 'demo/names',
        inForce: 'closed',
        reasons: expect.arrayContaining([expect.stringContaining('what names resolve to')]),
      }),
    );
  });
});
