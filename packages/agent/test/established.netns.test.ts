/** What becomes of connections that a new state denies: kept, or cut and nothing else, on real packets. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FlowServer, LongFlow } from './support/long-flow.ts';
import { type AgentProcess, allowFrom, type NodeWorld, openNodeWorld, type TestPod } from './support/node-world.ts';

const flowPort = 7000;
const service = { 4: '10.99.0.1', 6: 'fd99::1' } as const;
/** So many packets of flows that go on, at each end, show that others have ended or go on as well. */
const enough = 25;

interface Scene {
  readonly world: NodeWorld;
  readonly server: TestPod;
  readonly good: TestPod;
  readonly bad: TestPod;
  readonly flows: readonly LongFlow[];
  agent: AgentProcess;
}

const of = (scene: Scene, role: string): LongFlow[] => scene.flows.filter(({ name }) => name.startsWith(`${role}-`));

/** Waits until every one of the flows has carried some more packets to both ends. */
async function progress({ world }: Scene, flows: readonly LongFlow[]): Promise<void> {
  const before = flows.map(({ counts }) => counts);
  const hasMore = (flow: LongFlow, i: number): boolean => flow.counts.every((count, end) => count >= (before[i]?.[end] ?? 0) + enough);
  await world.until(`packets of ${flows.map(({ name }) => name).join(', ')}`, () => flows.every(hasMore));
}

/** Waits until nothing of the flows arrives any more while others go on, and makes sure that they stay ended. */
async function ended(scene: Scene, flows: readonly LongFlow[], others: readonly LongFlow[]): Promise<void> {
  const counts = (): string => JSON.stringify(flows.map((flow) => flow.counts));
  await scene.world.until(`the end of ${flows.map(({ name }) => name).join(', ')}`, async () => {
    const before = counts();
    await progress(scene, others);
    return counts() === before;
  });
  const before = counts();
  await progress(scene, others);
  await progress(scene, others);
  expect(counts()).toBe(before);
}

describe('established connections', () => {
  let scene: Scene;
  let flowServer: FlowServer | undefined;

  beforeEach(async () => {
    const world = await openNodeWorld();
    const [server, good, bad] = [
      await world.addPod('server', { app: 'server' }),
      await world.addPod('good', { role: 'good' }),
      await world.addPod('bad', { role: 'bad' }),
    ];
    scene = { world, server, good, bad, flows: [], agent: undefined as unknown as AgentProcess };
  });
  afterEach(async () => {
    for (const flow of scene.flows) flow.close();
    flowServer?.close();
    await scene.world.close();
  });

  /** Starts the agent and flows from both clients: TCP and UDP, both families, directly and through a service. */
  async function begin(...options: readonly string[]): Promise<void> {
    const { world, server, good, bad } = scene;
    scene.agent = await world.startAgent('tls', ...options);
    await world.attach(server, good, bad);
    const dnat = [`ip daddr ${service[4]} dnat ip to ${server.address}`, `ip6 daddr ${service[6]} dnat ip6 to ${server.address6}`];
    world.run(world.node, 'nft', `add table inet service { chain pre { type nat hook prerouting priority dstnat; ${dnat.join('; ')}; }; }`);
    flowServer = new FlowServer({ netns: server.netns, port: flowPort });
    const flows: LongFlow[] = [];
    for (const [role, { netns: from }] of [['good', good] as const, ['bad', bad] as const]) {
      for (const [way, address] of [
        ['direct', server.address],
        ['direct6', server.address6],
        ['service', service[4]],
        ['service6', service[6]],
      ] as const) {
        for (const protocol of ['tcp', 'udp'] as const) {
          flows.push(new LongFlow(flowServer, { name: `${role}-${way}-${protocol}`, protocol, from, address, port: flowPort }));
        }
      }
    }
    scene = { ...scene, flows };
    await progress(scene, flows);
  }

  const lost = (flows: readonly LongFlow[]): string[] =>
    flows.filter((flow) => flow.lost > 0).map(({ name, lost: n }) => `${name} lost ${n}`);

  it('go on with keep, the default, although new ones are denied', async () => {
    await begin();
    const { world, bad, server, flows } = scene;
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'good' }));
    await world.becomes(bad, server, false);
    await progress(scene, flows);
    expect(lost(flows)).toEqual([]);
  });

  it('end with cut exactly where the new state denies them, by policy and by label; the others lose no packet', async () => {
    await begin('--established', 'cut');
    const { world, good, bad, server } = scene;
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'good' }));
    await ended(scene, of(scene, 'bad'), of(scene, 'good'));
    expect(lost(of(scene, 'good'))).toEqual([]);
    expect(await world.connects(bad, server, false)).toBe(false);

    // Allowed again: new connections come up, and the datagrams that never stopped arrive again.
    await world.label('bad', { role: 'good' });
    await world.becomes(bad, server, true);
    await progress(scene, [...of(scene, 'good'), ...of(scene, 'bad').filter(({ name }) => name.endsWith('udp'))]);

    await world.label('good', { role: 'bad' });
    const reopened = of(scene, 'bad').filter(({ name }) => name.endsWith('udp'));
    await ended(scene, of(scene, 'good'), reopened);
    expect(await world.connects(good, server, false)).toBe(false);
  });

  it('end with cut also when the policy came while no agent ran, and between a pod and its own node', async () => {
    await begin('--established', 'cut');
    const { world, bad } = scene;
    const nodeServer = new FlowServer({ netns: world.node, port: flowPort });
    const toNode = new LongFlow(nodeServer, { name: 'node-tcp', protocol: 'tcp', from: bad.netns, address: '192.0.2.1', port: flowPort });
    try {
      await progress(scene, [toNode]);
      await scene.agent.end('SIGKILL');
      await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'good' }));
      await world.addPolicy('no-egress', { podSelector: { matchLabels: { role: 'bad' } }, policyTypes: ['Egress'] });
      await progress(scene, [...scene.flows, toNode]);
      scene.agent = await world.startAgent('tls', '--established', 'cut');
      await world.untilReady();
      await ended(scene, [...of(scene, 'bad'), toNode], of(scene, 'good'));
      expect(lost(of(scene, 'good'))).toEqual([]);
    } finally {
      toNode.close();
      nodeServer.close();
    }
  });

  it('go with cut too when their pod leaves the node', async () => {
    await begin('--established', 'cut');
    const { world, bad } = scene;
    expect((await world.gate('DELETE', `/v1/endpoints/${bad.uid}`)).status).toBe(200);
    await ended(scene, of(scene, 'bad'), of(scene, 'good'));
    expect(world.run(world.node, 'conntrack', '-L', '-s', bad.address)).not.toContain(`src=${bad.address}`);
    expect(lost(of(scene, 'good'))).toEqual([]);
  });
});
