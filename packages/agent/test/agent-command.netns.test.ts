/** `weir agent …`: refused policies, what an agent says of itself, and taking it away. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { networkPoliciesPath, podsPath } from '@weir/client';
import type { NetworkPolicy } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOf } from '../../../test/schemas/published-schema.ts';
import { type AgentProcess, allowFrom, type NodeWorld, namespace, openNodeWorld, type TestPod } from './support/node-world.ts';

describe('weir agent', () => {
  let world: NodeWorld;
  let agent: AgentProcess;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;

  beforeAll(async () => {
    world = await openNodeWorld();
    // As from an API server of a later version, which takes what this one cannot express.
    world.proxy.rewrite = (line) => line.replaceAll('"port":8888', '"port":8888,"endPort":80');
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger', { role: 'stranger' });
    agent = await world.startAgent('proxy', '--resync-seconds', '1');
    await world.attach(server, friend, stranger);
  });
  afterAll(async () => {
    await world.close();
  });

  const health = (): Record<string, unknown> =>
    JSON.parse(world.runAgentCommand('health', '--gate-socket', world.gateSocket)) as Record<string, unknown>;

  it('keeps the accepted version of a policy in force while a newer one is refused, also over a restart', async () => {
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    await world.becomes(stranger, server, false);
    await world.becomes(friend, server, true);
    const refused = { ...allowFrom({ app: 'server' }, { role: 'stranger' }) };
    const spec = { ...refused, ingress: [...(refused.ingress ?? []), { ports: [{ port: 8888 }] }] };
    await world.client.patch<NetworkPolicy>(networkPoliciesPath(namespace), 'server', { spec }, { type: 'merge' });
    await world.until('the policy is refused', () => (health()['refused'] as unknown[]).length === 1);
    const report = expect.objectContaining({ policy: `${namespace}/server`, inForce: 'accepted' });
    expect(health()['refused']).toEqual([report]);
    const rulesHold = async (): Promise<void> => {
      expect(await world.connects(friend, server, true)).toBe(true);
      expect(await world.connects(stranger, server, false)).toBe(false);
    };
    await rulesHold();
    const stored = join(world.directory, 'state', 'accepted-policies.json');
    await world.until('the accepted version is kept', () => readFileSync(stored, 'utf8').includes('"friend"'));
    await agent.end('SIGKILL');
    agent = await world.startAgent('proxy', '--resync-seconds', '1');
    await world.untilReady();
    expect(health()['refused']).toEqual([report]);
    await rulesHold();
  });

  it('explains single flows from the running state, for people and for programs', () => {
    const explain = (...args: readonly string[]): string => world.runAgentCommand('explain', ...args, '--gate-socket', world.gateSocket);
    const denied = JSON.parse(explain(stranger.address, `${namespace}/server`, '80', '-o', 'json')) as unknown;
    expect(faultsOf('agent-explain', denied)).toEqual([]);
    expect(denied).toMatchObject({
      verdict: 'deny',
      source: { pod: `${namespace}/stranger`, ip: stranger.address },
      destination: { pod: `${namespace}/server`, ip: server.address },
      protocol: 'TCP',
      port: 80,
      egress: { verdict: 'allow', isolatedBy: [], decidedBy: { reason: 'no policy' } },
      ingress: {
        verdict: 'deny',
        isolatedBy: [{ kind: 'NetworkPolicy', namespace, name: 'server' }],
        decidedBy: { reason: 'end of tier' },
      },
    });
    const allowed = explain(`${namespace}/friend`, server.address, '80');
    expect(allowed.split('\n')[0]).toContain(
      `allow: ${namespace}/friend (${friend.address}) → ${namespace}/server (${server.address}) TCP/80`,
    );
    expect(allowed).toMatch(
      /^ingress +demo\/server +allow +rule ingress\[0\]\.from\[0\] of NetworkPolicy demo\/server \(\w+\) allows it$/m,
    );
    const status = (...args: readonly string[]): unknown => {
      try {
        return explain(...args) === '' ? undefined : 0;
      } catch (error) {
        return (error as { status?: number }).status;
      }
    };
    expect(status(stranger.address, server.address, '80')).toBe(0);
    expect(status(stranger.address, server.address, '80', '--fail-on', 'denied')).toBe(1);
    expect(status(stranger.address, 'server', '80')).toBe(2);
    expect(status(stranger.address, `${namespace}/nobody`, '80')).toBe(3);
    expect(status('203.0.113.1', '203.0.113.2', '80')).toBe(3);
  });

  it('isolates the pods of a policy that was never accepted, and says so', async () => {
    const pod = await world.addPod('closed', { app: 'closed' });
    await world.attach(pod);
    expect(await world.connects(friend, pod, true)).toBe(true);
    await world.addPolicy('never', {
      ...allowFrom({ app: 'closed' }, { role: 'friend' }),
      ingress: [{ ports: [{ port: 8888 }, { port: 80 }] }],
    });
    await world.becomes(friend, pod, false);
    expect(health()['refused']).toContainEqual(expect.objectContaining({ policy: `${namespace}/never`, inForce: 'closed' }));
    await world.client.delete(networkPoliciesPath(namespace), 'never');
    await world.becomes(friend, pod, true);
    expect((health()['refused'] as unknown[]).length).toBe(1);
  });

  it('repairs what somebody else took out of its table', async () => {
    world.run(world.node, 'nft', 'flush', 'chain', 'inet', 'weir', 'ingress4');
    await world.becomes(stranger, server, false);
    await world.until('it is repaired', () => world.run(world.node, 'nft', 'list', 'chain', 'inet', 'weir', 'ingress4').includes('accept'));
    await world.untilLogged(agent, 'the kernel had drifted from the rules');
    expect(await world.connects(friend, server, true)).toBe(true);
  });

  it('prints its state and its health as JSON, and exits with 3 when there is no agent', async () => {
    const dump = JSON.parse(world.runAgentCommand('dump', '--gate-socket', world.gateSocket)) as {
      endpoints: { upserts: { uid: string; ingress?: string }[] };
      programs: { upserts: { key: string }[] };
    };
    const own = dump.endpoints.upserts.find(({ uid }) => uid === server.uid);
    expect(dump.programs.upserts.map(({ key }) => key)).toContain(own?.ingress);
    expect(health()).toMatchObject({
      node: 'n1',
      ready: true,
      synced: true,
      connected: true,
      dataplane: 'nftables',
      profile: 'kubernetes',
    });
    expect(() => world.runAgentCommand('health', '--gate-socket', join(world.directory, 'nobody'))).toThrow(
      expect.objectContaining({ status: 3 }),
    );
  });

  it('refuses a data plane that its engine does not have, with a sentence and exit 2', async () => {
    const other = await world.startAgent('proxy', '--profile', 'cilium', '--dataplane', 'hns');
    expect(await other.exited).toBe(2);
    expect(other.stderr).toContain('the engine cilium runs on Linux only');
  });

  it('logs one JSON object a line', () => {
    const lines = agent.stderr.split('\n').filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(JSON.parse(line)).toEqual(
        expect.objectContaining({ level: expect.any(String), time: expect.any(String), msg: expect.any(String), node: 'n1' }),
      );
    }
  });

  it('goes on beside objects that no API server stores: unreadable pods count as not there, and it says so', async () => {
    await agent.end('SIGTERM');
    const odd = world.proxy.rewrite;
    // As from an API server gone mad: one pod has a number for its containers, one policy for its rules.
    world.proxy.rewrite = (line) =>
      odd(line)
        .replaceAll('"image":"mad:1"', '"ports":7')
        .replaceAll('"port":7777', '"port":[]')
        .replaceAll('"managedFields":[', '"managedFields":[7,');
    try {
      const mad = await world.addPod('mad', { role: 'friend' }, { image: 'mad:1' });
      await world.addPolicy('mad', { ...allowFrom({ app: 'server' }, { role: 'stranger' }), egress: [{ ports: [{ port: 7777 }] }] });
      agent = await world.startAgent('proxy');
      await world.untilReady();
      await world.untilLogged(agent, 'an object of the API server cannot be read and counts as not there');
      const { status, json } = await world.add(mad);
      expect({ status, json }).toMatchObject({ status: 503, json: { error: expect.stringContaining('its object cannot be read') } });
      expect(await world.connects(mad, server, false)).toBe(false);
      expect(health()).toMatchObject({
        ready: true,
        counts: { unreadable: 1 },
        unreadable: [expect.objectContaining({ object: `Pod ${namespace}/mad` })],
      });
      expect(health()['refused']).toContainEqual(expect.objectContaining({ policy: `${namespace}/mad`, inForce: 'closed' }));
      expect(await world.connects(friend, server, true)).toBe(true);
      expect(await world.connects(stranger, server, false)).toBe(false);
    } finally {
      await agent.end('SIGTERM');
      world.proxy.rewrite = odd;
    }
  });

  it('reports a fault of its own and exits, its rules in force: it never goes on deaf', async () => {
    const compiled = (name: string): string => JSON.stringify(new URL(`../../${name}/dist/index.js`, import.meta.url).href);
    const program = join(world.directory, 'broken-engine.mjs');
    const fault = "Engine.prototype.flush = () => { throw new Error('a broken engine'); }";
    const start = 'process.exitCode = await main(process.argv.slice(2))';
    const imports = `import { Engine } from ${compiled('calc')};\nimport { main } from ${compiled('cli')};\n`;
    writeFileSync(program, `${imports}${fault};\n${start};\n`);
    world.agentProgram = program;
    const faulty = await world.startAgent();
    expect(await faulty.exited).toBeGreaterThan(0);
    expect(faulty.log.map(({ msg }) => msg)).toContain('a fault of ours; the agent ends and its rules stay in force');
    expect(await world.connects(friend, server, true)).toBe(true);
    expect(await world.connects(stranger, server, false)).toBe(false);
  });

  it('takes every trace out of the kernel with cleanup, nothing of others, as often as it is asked', async () => {
    world.run(
      world.node,
      'nft',
      'add table inet admin { chain forward { type filter hook forward priority 0; ip daddr 203.0.113.1 drop; }; }',
    );
    const others = world.run(world.node, 'nft', 'list', 'table', 'inet', 'admin');
    for (let i = 0; i < 3; i++) world.runAgentCommand('cleanup');
    expect(world.run(world.node, 'nft', 'list', 'ruleset')).toBe(others);
    expect(await world.connects(stranger, server, true)).toBe(true);
    expect(world.run(world.node, 'ip', '-o', 'link').match(new RegExp(world.prefix, 'g'))?.length).toBe(5);
    await world.client.delete(podsPath(namespace), 'closed', { gracePeriodSeconds: 0 });
  });
});
