/** The gate of a whole agent over a data plane that refuses or fails: a pod whose rules are not in force does not start. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeClient, type ResourcePath, type WatchEvent } from '@weir/client';
import type { KubeList, KubeObject } from '@weir/kube';
import { AssertionError } from '@weir/net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeAgent } from '../src/node-agent.ts';
import { resolveSettings } from '../src/settings/resolve-settings.ts';
import { FaultyDataplane } from './support/faulty-dataplane.ts';

const objects: Readonly<Record<string, KubeObject[]>> = {
  namespaces: [{ metadata: { name: 'demo', uid: 'n' } }],
  networkpolicies: [
    { metadata: { name: 'p', namespace: 'demo', uid: 'p' }, spec: { podSelector: {}, policyTypes: ['Ingress'] } } as KubeObject,
  ],
  pods: ['a', 'b'].map((name) => ({ metadata: { name, namespace: 'demo', uid: `uid-${name}` }, spec: { nodeName: 'n1', containers: [] } })),
};

/** A quiet cluster: nothing ever changes. */
class QuietCluster extends KubeClient {
  /** What the next answers about pods wait for. */
  delay: Promise<void> = Promise.resolve();

  override async get<T extends KubeObject>(path: ResourcePath, name: string): Promise<T> {
    if (path.resource === 'pods') await this.delay;
    return Promise.resolve(objects[path.resource]?.find(({ metadata }) => metadata.name === name) as T);
  }

  override list<T extends KubeObject>(path: ResourcePath): Promise<KubeList<T>> {
    const items = path.group === 'crd.projectcalico.org' ? [] : (objects[path.resource] ?? []);
    return Promise.resolve({ metadata: { resourceVersion: '7' }, items: items as T[] } as KubeList<T>);
  }

  override async *watch<T extends KubeObject>(...[, , signal]: Parameters<KubeClient['watch']>): AsyncGenerator<WatchEvent<T>, void> {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    yield* [];
  }
}

describe('an agent over a data plane that does not do as it should', () => {
  let directory: string;
  let dataplane: FaultyDataplane;
  let client: QuietCluster;
  let agent: NodeAgent;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'weirt-node-agent-'));
    await start();
  });
  afterEach(async () => {
    await agent.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    dataplane = new FaultyDataplane();
    client = new QuietCluster({ server: 'http://127.0.0.1:1' });
    const { settings } = await resolveSettings({
      flags: {
        node: 'n1',
        kubeconfig: '/none',
        gateSocket: join(directory, 'gate.sock'),
        stateDirectory: join(directory, 'state'),
        metricsAddress: 'none',
      },
    });
    agent = new NodeAgent({ settings, log: pino({ level: 'silent' }), client, dataplane });
    await agent.start();
  }

  interface Reply {
    readonly status: number;
    readonly error: string | undefined;
  }

  function ask(method: string, path: string, body?: unknown): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: join(directory, 'gate.sock'), method, path, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, error: (JSON.parse(text) as { error?: string }).error }));
      });
      call.on('error', reject);
      call.end(body === undefined ? '' : JSON.stringify(body));
    });
  }

  const add = (name: string, address: string): Promise<Reply> =>
    ask('POST', '/v1/endpoints', { uid: `uid-${name}`, namespace: 'demo', name, interface: `weir-${name}`, addresses: [address] });

  it('answers 503 with the reason for a pod whose rules are refused, and 200 as soon as they are in force', async () => {
    dataplane.refusal = 'the rules are too strange';
    expect(await add('a', '10.0.0.1')).toEqual({ status: 503, error: expect.stringContaining('the rules are too strange') });
    expect(agent.health().quarantined).toEqual([{ pod: 'demo/a', reason: 'the rules are too strange' }]);
    dataplane.refusal = undefined;
    expect(await add('b', '10.0.0.2')).toEqual({ status: 200, error: undefined });
    expect(await add('a', '10.0.0.1')).toEqual({ status: 200, error: undefined });
    expect(agent.health().quarantined).toEqual([]);
  });

  it('answers only when the kernel has taken the rules, however often it failed before', async () => {
    dataplane.next.push('lost', 'kept', 'lost');
    expect((await add('a', '10.0.0.1')).status).toBe(200);
    expect(dataplane.state.endpoints.get('uid-a')?.ingress).toBeDefined();
    expect(agent.health()).toMatchObject({ ready: true, failuresInARow: 0 });
  });

  it('does not bring back a pod that left while a request to start it was on its way', async () => {
    let answer = (): void => undefined;
    client.delay = new Promise((resolve) => {
      answer = resolve;
    });
    const starting = add('a', '10.0.0.1');
    // The gate takes requests in order: the second answer shows that the first request has been read.
    expect((await ask('GET', '/v1/health')).status).toBe(200);
    expect((await ask('DELETE', '/v1/endpoints/uid-a')).status).toBe(200);
    answer();
    expect(await starting).toEqual({ status: 503, error: expect.stringContaining('was taken off the node') });
    expect(agent.health().endpoints).toBe(0);
    expect((await add('a', '10.0.0.1')).status).toBe(200);
  });

  it('lets the address of a pod rest that went away while no agent ran', async () => {
    await agent.stop();
    const gone = { uid: 'uid-gone', namespace: 'demo', name: 'gone', interface: 'weir-gone', addresses: ['10.0.0.1'] };
    writeFileSync(join(directory, 'state', 'attachments.json'), JSON.stringify([gone]));
    await start();
    expect(await add('b', '10.0.0.2')).toEqual({ status: 200, error: undefined });
    expect(await add('a', '10.0.0.1')).toEqual({ status: 503, error: expect.stringContaining("was another pod's a moment ago") });
  });

  it('tells of a fault of ours by `finished`, once, and is not ready any more', async () => {
    const finished = expect(agent.finished).rejects.toThrow('a broken engine');
    Object.defineProperty(dataplane, 'apply', {
      value: () => {
        throw new AssertionError('a broken engine');
      },
    });
    void add('a', '10.0.0.1').catch(() => undefined);
    await finished;
    expect(agent.health().ready).toBe(false);
  });
});
