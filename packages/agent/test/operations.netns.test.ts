/** What operators ask a running agent over HTTP, and who may. */
import { readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connectTcp, listenTcp } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askOperations, type OperationsAnswer } from './support/ask-operations.ts';
import { readExposition } from './support/exposition.ts';
import { type AgentProcess, allowFrom, type NodeWorld, openNodeWorld, type TestPod } from './support/node-world.ts';

/** An address of the node that its pods reach. */
const nodeAddress = '192.0.2.1';

describe('the HTTP endpoint of an agent', () => {
  let world: NodeWorld;
  let agent: AgentProcess;
  let server: TestPod;
  let stranger: TestPod;

  beforeAll(async () => {
    world = await openNodeWorld();
    server = await world.addPod('server', { app: 'server' });
    stranger = await world.addPod('stranger', { role: 'stranger' });
    await world.closeApi();
    agent = await world.startAgent('tls');
  });
  afterAll(async () => {
    await world.close();
  });

  const ask = (path: string): Promise<OperationsAnswer> => askOperations({ netns: world.node, path });

  const metric = async (sample: string): Promise<number> => {
    const { text } = await ask('/metrics');
    for (const { samples } of readExposition(text).values()) if (samples.has(sample)) return samples.get(sample) ?? Number.NaN;
    throw new Error(`there is no ${sample}`);
  };

  it('says that the agent lives and is not ready, and why, while there is no API server', async () => {
    await world.until('it answers', async () => (await ask('/livez').catch(() => undefined))?.status === 200);
    const ready = await ask('/readyz');
    expect(ready).toMatchObject({ status: 503, text: expect.stringContaining('have not all been read from the API server') });
  });

  it('is ready as soon as a whole state is in force', async () => {
    await world.openApi();
    await world.attach(server, stranger);
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: 'ok\n' });
  });

  it('measures how long changes take into the kernel, and counts what is there', async () => {
    expect((await ask('/metrics')).headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const before = await metric('weir_event_latency_seconds_count');
    await world.addPolicy('server', allowFrom({ app: 'server' }));
    await world.becomes(stranger, server, false);
    await world.until('the change is measured', async () => (await metric('weir_event_latency_seconds_count')) > before);
    expect(await metric('weir_sync_latency_seconds_count')).toBeGreaterThan(0);
    expect(await metric('weir_objects{kind="policies"}')).toBe(1);
    expect(await metric('weir_endpoints_attached')).toBe(2);
    expect(await metric('weir_watch_connected{kind="pods"}')).toBe(1);
    expect(await metric('weir_transactions_total')).toBeGreaterThan(0);
    expect(await metric('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  });

  it('counts the packets that each policy allows and denies', async () => {
    const friend = await world.addPod('friend', { role: 'friend' });
    await world.attach(friend);
    await world.addPolicy('counted', allowFrom({ app: 'server' }, { role: 'friend' }));
    await world.becomes(friend, server, true);
    expect(await world.connects(stranger, server, false)).toBe(false);
    const of = (what: string, policy: string): string => `weir_policy_${what}_packets_total{policy="demo/${policy}",direction="ingress"}`;
    const counted = async (sample: string, least: number): Promise<void> =>
      world.until(`${sample} is ${least}`, async () => (await metric(sample).catch(() => 0)) >= least);
    await counted(of('allowed', 'counted'), 1);
    // Both policies isolate the pod; one allows nothing.
    await counted(of('denied', 'counted'), 1);
    await counted(of('denied', 'server'), 1);
    await counted('weir_denied_packets_total{direction="ingress"}', 1);
    expect(await metric('weir_kernel_rules')).toBeGreaterThan(0);
    expect(await metric('weir_kernel_elements')).toBeGreaterThan(3);
    const packets = await metric(of('allowed', 'counted'));
    for (let i = 0; i < 3; i++) expect(await world.connects(friend, server, true)).toBe(true);
    await counted(of('allowed', 'counted'), packets + 3);
    await world.deletePolicy('counted');
    await world.becomes(friend, server, false);
  });

  it('counts drift that was found and repaired', async () => {
    await agent.end('SIGTERM');
    agent = await world.startAgent('tls', '--resync-seconds', '1');
    await world.untilReady();
    world.run(world.node, 'nft', 'flush', 'chain', 'inet', 'weir', 'ingress4');
    await world.until('the repair is counted', async () => (await metric('weir_drift_repairs_total')) === 1);
    expect(await metric('weir_drifts_total')).toBe(1);
  });

  it('is reached from the node itself only', async () => {
    const from = { netns: stranger.netns, address: nodeAddress };
    const isOpen = (port: number): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connectTcp({ ...from, port });
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
        socket.once('close', () => socket.destroy());
      });
    // The same way leads to a port that is open.
    const other = createServer((socket) => socket.destroy());
    listenTcp(other, { netns: world.node, address: '0.0.0.0', port: 9478 });
    try {
      expect(await isOpen(9478)).toBe(true);
      expect(await isOpen(9477)).toBe(false);
    } finally {
      other.close();
    }
  });

  it('answers GET for its three paths, and nothing else', async () => {
    expect((await ask('/')).status).toBe(404);
    expect((await ask('/debug/pprof')).status).toBe(404);
    const post = await askOperations({ netns: world.node, path: '/metrics', method: 'POST' });
    expect(post).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD', connection: 'close' } });
    const long = await askOperations({ netns: world.node, path: '/metrics', headers: { 'x-long': 'a'.repeat(9_000) } });
    expect(long.status).toBe(431);
  });

  it('ends connections that say nothing, however many there are', async () => {
    const idle = Array.from({ length: 40 }, () => connectTcp({ netns: world.node, address: '127.0.0.1', port: 9477 }));
    for (const socket of idle) socket.on('error', () => undefined).resume();
    const ended = idle.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await Promise.all(ended);
    expect((await ask('/livez')).status).toBe(200);
  });

  it('opens no debugger by a signal', async () => {
    const node = childOf(agent);
    const portsBefore = world.run(world.node, 'ss', '-ltnH');
    process.kill(node, 'SIGUSR1');
    await world.untilLogged(agent, 'SIGUSR1 opens no debugger here; start the agent with node --inspect to have one');
    expect(world.run(world.node, 'ss', '-ltnH')).toBe(portsBefore);
    expect(portsBefore).toContain('127.0.0.1:9477');
  });

  it('does not start where its address is taken, and leaves no gate behind', async () => {
    await agent.end('SIGTERM');
    const other = createServer();
    listenTcp(other, { netns: world.node, address: '127.0.0.1', port: 9477 });
    try {
      const late = await world.startAgent('tls');
      expect(await late.exited).toBe(4);
      expect(late.stderr).toContain('--metrics-address 127.0.0.1:9477 cannot be listened on');
      await expect(world.gate('GET', '/v1/health')).rejects.toThrow(/ENOENT/);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('does not start where others can reach it without TLS and a token', async () => {
    const open = await world.startAgent('tls', '--metrics-address', '0.0.0.0:9477');
    expect(await open.exited).toBe(2);
    expect(open.stderr).toContain('--metrics-address: others can reach 0.0.0.0:9477, so it needs TLS and a token');
  });

  describe('off loopback', () => {
    const token = 'correct-horse-battery-staple';
    let ca: string;
    let files: Readonly<Record<'cert' | 'key' | 'token', string>>;
    beforeAll(async () => {
      const { ca: authority, server: pair } = world.certificates;
      ca = authority;
      files = { cert: join(world.directory, 'm.crt'), key: join(world.directory, 'm.key'), token: join(world.directory, 'm.token') };
      writeFileSync(files.cert, pair.certificate);
      writeFileSync(files.key, pair.key, { mode: 0o600 });
      writeFileSync(files.token, `${token}\n`, { mode: 0o600 });
      const options = ['--metrics-tls-cert', files.cert, '--metrics-tls-key', files.key, '--metrics-token-file', files.token];
      agent = await world.startAgent('tls', '--metrics-address', `${nodeAddress}:9477`, ...options);
      await world.untilReady();
    });

    const from = (given?: string): Promise<OperationsAnswer> =>
      askOperations({
        netns: stranger.netns,
        address: nodeAddress,
        path: '/metrics',
        ca,
        ...(given === undefined ? {} : { token: given }),
      });

    it('answers over TLS to who has the token, and to nobody else', async () => {
      expect((await from(token)).status).toBe(200);
      for (const wrong of [undefined, '', 'x', `${token}x`]) {
        const answer = await from(wrong);
        expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
        expect(answer.text).not.toContain('weir_');
      }
      await expect(askOperations({ netns: stranger.netns, address: nodeAddress, path: '/metrics', token })).rejects.toThrow();
      await world.until('they are counted', async () => /weir_http_unauthorized_total [1-9]/.test((await from(token)).text));
    });

    it('takes a new token without a restart, and never logs one', async () => {
      writeFileSync(files.token, 'another-token-of-this-test');
      expect((await from('another-token-of-this-test')).status).toBe(200);
      expect((await from(token)).status).toBe(401);
      // Half written: the last good one counts.
      writeFileSync(files.token, '');
      expect((await from('another-token-of-this-test')).status).toBe(200);
      expect(agent.stderr).not.toContain(token);
    });
  });

  /** `ip netns exec` becomes the program that it starts. */
  function childOf({ child }: AgentProcess): number {
    const pid = child.pid ?? 0;
    expect(readlinkSync(`/proc/${pid}/exe`)).toBe(process.execPath);
    return pid;
  }
});
