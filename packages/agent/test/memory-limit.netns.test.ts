/** A cluster that is too large for the agent's memory: the agent says so and ends in order, its rules stay, and the next one begins slowly. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { listenTcp } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryNoteFile } from '../src/memory/memory-note.ts';
import { askOperations } from './support/ask-operations.ts';
import { allowFrom, type NodeWorld, namespace, openNodeWorld, type TestPod } from './support/node-world.ts';

const limit = ['--memory-limit-mb', '96'] as const;

/** An API server whose list of pods never ends, each with labels of its own. */
function endlessCluster(): Server {
  let pods = 0;
  return createServer((request, response) => {
    const url = request.url ?? '';
    if (url.includes('watch=true')) return;
    const labels = (pod: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`label-${i}`, `${'v'.repeat(40)}-${pod}-${i}`]));
    const page = Array.from({ length: 500 }, () => {
      const pod = pods++;
      return {
        metadata: { name: `pod-${pod}`, namespace, uid: `uid-${pod}`, resourceVersion: '1', labels: labels(pod) },
        spec: { nodeName: 'other', containers: [] },
        status: { phase: 'Running', podIP: '192.0.2.7' },
      };
    });
    const isPods = url.includes('/pods');
    response.setHeader('content-type', 'application/json');
    const metadata = { resourceVersion: '1', ...(isPods ? { continue: 'more' } : {}) };
    response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata, items: isPods ? page : [] }));
  });
}

describe('an agent with a memory limit', () => {
  let world: NodeWorld;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;
  let endless: Server;
  let url: string;

  beforeAll(async () => {
    world = await openNodeWorld();
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger', { role: 'stranger' });
    endless = endlessCluster();
    listenTcp(endless, { netns: world.node, address: '127.0.0.1', port: 0 });
    await new Promise((resolve) => endless.once('listening', resolve));
    url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    endless.closeAllConnections();
    endless.close();
    await world.close();
  });

  const rulesHold = async (): Promise<void> => {
    expect(await world.connects(friend, server, true)).toBe(true);
    expect(await world.connects(stranger, server, false)).toBe(false);
  };

  it('enforces a small cluster well below it', async () => {
    const agent = await world.startAgent('tls', '--memory-limit-mb', '512');
    await world.attach(server, friend, stranger);
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    await world.becomes(stranger, server, false);
    const { json } = await world.gate('GET', '/v1/health');
    expect(json.memory).toMatchObject({ limitMb: 512, state: 'good', rssMb: expect.any(Number) });
    expect((await askOperations({ netns: world.node, path: '/metrics' })).text).toContain('weir_memory_limit_bytes 536870912');
    await agent.end('SIGTERM');
    await rulesHold();
  });

  it('ends with exit 4 and says what used the memory when the cluster is too large; its rules stay', async () => {
    const agent = await world.startAgent({ url }, ...limit);
    expect(await agent.exited).toBe(4);
    const last = agent.log.find(({ msg }) => msg === 'memory has reached its limit; the agent ends and its rules stay in force');
    expect(last).toMatchObject({
      level: 'error',
      limitMb: 96,
      rssMb: expect.any(Number),
      heapMb: expect.any(Object),
      objects: expect.any(Object),
    });
    expect(agent.stderr).toContain('the agent ends because its memory reached the limit');
    expect(agent.stderr).not.toContain('FATAL ERROR');
    expect(new MemoryNoteFile(join(world.directory, 'state')).read()).toMatchObject({ state: 'full', limitMb: 96, ends: 1 });
    await rulesHold();
  });

  it('says why when it starts again, waits before it reads the cluster, and is alive and not ready meanwhile', async () => {
    const agent = await world.startAgent({ url }, ...limit);
    const ask = (path: string): ReturnType<typeof askOperations> => askOperations({ netns: world.node, path });
    await world.until('it answers', async () => (await ask('/livez').catch(() => undefined))?.status === 200);
    const ready = await ask('/readyz');
    expect(ready.status).toBe(503);
    expect(ready.text).toMatch(
      /the process before ended at its memory limit \(\d+(\.\d)? of 96 MB at .*\); this one reads the cluster after 10 s/,
    );
    expect(agent.log.some(({ msg }) => String(msg).startsWith('the process before ended at its memory limit'))).toBe(true);
    await rulesHold();
    expect(await agent.end('SIGTERM')).toBe(0);
  });
});
