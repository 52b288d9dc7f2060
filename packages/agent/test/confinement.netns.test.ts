/** The rights of a running agent: those that it needs and no others, in every thread, and it enforces with them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentProcess, allowFrom, type NodeWorld, openNodeWorld, type TestPod } from './support/node-world.ts';

/** CAP_NET_ADMIN is number 12. */
const netAdmin = '0000000000001000';
/** And CAP_NET_RAW number 13. */
const netAdminAndRaw = '0000000000003000';
const nothing = '0000000000000000';

/** The credentials of every thread of a process, each as written in /proc. */
function credentials(pid: number): Record<string, string>[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return Object.fromEntries(
      [...status.matchAll(/^(Cap\w+|NoNewPrivs|Uid):\s*(\S+)/gm)].map(([, name = '', value = '']) => [name, value]),
    );
  });
}

describe('the rights of an agent', () => {
  let world: NodeWorld;
  let agent: AgentProcess;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;

  beforeAll(async () => {
    world = await openNodeWorld();
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger', { role: 'stranger' });
  });
  afterAll(async () => {
    await world.close();
  });

  /** Starts an agent and has it allow and deny, change its mind and repair. */
  async function enforces(...options: readonly string[]): Promise<void> {
    agent = await world.startAgent('tls', '--resync-seconds', '1', ...options);
    await world.attach(server, friend, stranger);
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    await world.becomes(stranger, server, false);
    await world.becomes(friend, server, true);
    world.run(world.node, 'nft', 'flush', 'chain', 'inet', 'weir', 'ingress4');
    await world.becomes(stranger, server, false);
    await world.until('it is repaired', () => world.run(world.node, 'nft', 'list', 'chain', 'inet', 'weir', 'ingress4').includes('accept'));
    expect(await world.connects(friend, server, true)).toBe(true);
    await world.deletePolicy('server');
    await world.becomes(stranger, server, true);
  }

  it('are CAP_NET_ADMIN in every thread, without a way back, when it is started by root with all of them', async () => {
    await enforces();
    const threads = credentials(agent.child.pid ?? 0);
    expect(threads.length).toBeGreaterThan(4);
    const wanted = { CapInh: nothing, CapPrm: netAdmin, CapEff: netAdmin, CapBnd: netAdmin, CapAmb: nothing, NoNewPrivs: '1' };
    for (const thread of threads) expect(thread).toMatchObject(wanted);
    expect(await agent.end('SIGTERM')).toBe(0);
  });

  it('suffice when it is given exactly those', async () => {
    world.agentStarter = ['setpriv', '--bounding-set=-all,+net_admin', '--inh-caps=-all', '--no-new-privs'];
    await enforces();
    for (const thread of credentials(agent.child.pid ?? 0)) expect(thread).toMatchObject({ CapPrm: netAdmin, CapBnd: netAdmin });
    await agent.end('SIGTERM');
  });

  it('suffice to a user other than root', async ({ skip }) => {
    const nobody = '65534';
    const checkout = import.meta.dirname;
    const canRead = spawnSync('setpriv', [`--reuid=${nobody}`, '--clear-groups', 'test', '-x', checkout]).status === 0;
    skip(!canRead, `other users cannot read ${checkout}, so they cannot run the agent from it`);
    execFileSync('chown', ['-R', nobody, world.directory]);
    world.agentStarter = ['setpriv', `--reuid=${nobody}`, '--clear-groups', '--inh-caps=-all,+net_admin', '--ambient-caps=-all,+net_admin'];
    await enforces();
    for (const thread of credentials(agent.child.pid ?? 0)) {
      expect(thread).toMatchObject({ Uid: nobody, CapPrm: netAdmin, CapEff: netAdmin, CapAmb: netAdmin, NoNewPrivs: '1' });
    }
    await agent.end('SIGTERM');
    execFileSync('chown', ['-R', '0', world.directory]);
  });

  it('stay as they were when it is told so', async () => {
    world.agentStarter = [];
    agent = await world.startAgent('tls', '--drop-capabilities', 'false');
    await world.untilReady();
    for (const thread of credentials(agent.child.pid ?? 0)) expect(thread['CapEff']).not.toBe(netAdmin);
    await agent.end('SIGTERM');
  });

  it('are CAP_NET_RAW too with iptables, whose programs enforce with no more', async () => {
    world.agentStarter = [];
    agent = await world.startAgent('tls', '--dataplane', 'iptables');
    await world.attach(server, friend, stranger);
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    await world.becomes(stranger, server, false);
    await world.becomes(friend, server, true);
    expect(world.run(world.node, 'iptables-save')).toContain('-j WEIR-FORWARD');
    const wanted = { CapPrm: netAdminAndRaw, CapEff: netAdminAndRaw, CapBnd: netAdminAndRaw, NoNewPrivs: '1' };
    for (const thread of credentials(agent.child.pid ?? 0)) expect(thread).toMatchObject(wanted);
    await world.deletePolicy('server');
    await world.becomes(stranger, server, true);
    await agent.end('SIGTERM');
  });

  it('are asked for in one sentence when they are not there', async () => {
    world.agentStarter = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-all'];
    const weak = await world.startAgent();
    expect(await weak.exited).toBe(4);
    expect(weak.stderr).toMatch(/^weir: the agent cannot start: it needs the capability CAP_NET_ADMIN, and this process does not have it/);
  });
});
