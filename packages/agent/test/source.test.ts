/** An informer and reads that run ahead of it: whatever the order, the newest state of an object holds. */
import { ApiError, KubeClient, networkPoliciesPath, type WatchEvent } from '@weir/client';
import { type KubeList, type KubeObject, type NetworkPolicy, networkPolicyFields } from '@weir/kube';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Source } from '../src/sources/source.ts';

/** A server whose list is given and whose watch delivers what the test sends. */
class ScriptedClient extends KubeClient {
  items: NetworkPolicy[] = [];
  version = 10;
  readonly #events: (WatchEvent<KubeObject> | 'gone')[] = [];
  #wake: () => void = () => undefined;

  constructor() {
    super({ server: 'http://127.0.0.1:1' });
  }

  /** Whether the server has the kind at all. */
  isInstalled = true;
  /** How many lists of a kind that it has find nothing. */
  wrongAnswers = 0;

  override list<T extends KubeObject>(): Promise<KubeList<T>> {
    if (!this.isInstalled || this.wrongAnswers-- > 0) return Promise.reject(new ApiError(failure(404, 'NotFound')));
    const list = { metadata: { resourceVersion: String(this.version) }, items: this.items };
    return Promise.resolve(list as unknown as KubeList<T>);
  }

  /** Discovery. */
  override request<T>(_method: string, path: string): Promise<T> {
    const answers: Readonly<Record<string, unknown>> = {
      '/apis': { groups: [] },
      ...(this.isInstalled ? { '/apis/networking.k8s.io/v1': { resources: [{ name: 'networkpolicies' }] } } : {}),
    };
    return path in answers ? Promise.resolve(answers[path] as T) : Promise.reject(new ApiError(failure(404, 'NotFound')));
  }

  override async *watch<T extends KubeObject>(
    ...[, , signal]: Parameters<KubeClient['watch']>
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const event = this.#events.shift();
      if (event === 'gone') throw new ApiError(failure(410, 'Expired'));
      if (event !== undefined) yield event as WatchEvent<T>;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async send(...events: (WatchEvent<KubeObject> | 'gone')[]): Promise<void> {
    this.#events.push(...events);
    this.#wake();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function failure(code: number, reason: string): ConstructorParameters<typeof ApiError>[0] {
  return { kind: 'Status', status: 'Failure', reason, apiVersion: 'v1', metadata: {}, code, message: reason };
}

function policy(name: string, version: number, uid = `uid-${name}`): NetworkPolicy {
  return { metadata: { namespace: 'demo', name, uid, resourceVersion: String(version) }, spec: { podSelector: {} } };
}

function event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: NetworkPolicy): WatchEvent<KubeObject> {
  return { type, object };
}

describe('a source', () => {
  const sources: Source<NetworkPolicy>[] = [];
  afterEach(async () => {
    for (const source of sources.splice(0)) await source.informer.stop();
  });

  function startOptional(
    client: ScriptedClient,
    isOptional = true,
  ): { readonly told: string[]; readonly heard: string[]; readonly source: Source<NetworkPolicy> } {
    const [told, heard]: [string[], string[]] = [[], []];
    const source = new Source<NetworkPolicy>(client, {
      path: networkPoliciesPath(),
      fields: networkPolicyFields,
      isOptional,
      sink: { upsert: ({ metadata }) => void told.push(metadata.name ?? ''), remove: () => undefined },
      listener: {
        arrived: () => undefined,
        changed: () => undefined,
        synced: () => void heard.push('synced'),
        failed: () => void heard.push('failed'),
        heard: () => undefined,
      },
    });
    sources.push(source);
    source.informer.start();
    return { told, heard, source };
  }

  async function start(
    ...items: NetworkPolicy[]
  ): Promise<{ client: ScriptedClient; source: Source<NetworkPolicy>; engine: Map<string, string> }> {
    const client = new ScriptedClient();
    client.items = items;
    const engine = new Map<string, string>();
    const none = (): void => undefined;
    const source = new Source<NetworkPolicy>(client, {
      path: networkPoliciesPath(),
      fields: networkPolicyFields,
      sink: {
        upsert: ({ metadata }) => void engine.set(metadata.name ?? '', metadata.resourceVersion ?? ''),
        remove: (_, name) => void engine.delete(name),
      },
      listener: { arrived: none, changed: none, synced: none, failed: none, heard: none },
    });
    sources.push(source);
    source.informer.start();
    await source.informer.synced;
    return { client, source, engine };
  }
  const list = (version: number, ...items: NetworkPolicy[]) => ({ namespace: 'demo', items, resourceVersion: String(version) });

  const caughtUp = async (source: Source<NetworkPolicy>): Promise<void> => {
    const deadline = performance.now() + 10_000;
    while (source.ahead > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(source.ahead).toBe(0);
  };

  it('takes a newer read at once, and forgets it when the informer has caught up', async () => {
    const { client, source, engine } = await start();
    source.offer(policy('a', 15));
    expect(engine.get('a')).toBe('15');
    await client.send(event('ADDED', policy('a', 12)));
    expect(engine.get('a')).toBe('15');
    expect(source.ahead).toBe(1);
    await client.send(event('MODIFIED', policy('a', 15)), event('MODIFIED', policy('a', 16)));
    expect(engine.get('a')).toBe('16');
    expect(source.ahead).toBe(0);
  });

  it('does not let a read that took long bring back what was deleted since', async () => {
    const { client, source, engine } = await start(policy('a', 5));
    await client.send(event('DELETED', policy('a', 20)));
    source.offer(policy('a', 5));
    source.offerList(list(19, policy('a', 5)));
    expect([...engine]).toEqual([]);
    expect(source.ahead).toBe(0);
  });

  it('takes what is missing in a newer list for deleted, and what comes after for new', async () => {
    const { client, source, engine } = await start(policy('a', 5), policy('b', 6));
    source.offerList(list(20, policy('b', 6)));
    expect([...engine.keys()]).toEqual(['b']);
    await client.send(event('MODIFIED', policy('a', 12)));
    expect([...engine.keys()]).toEqual(['b']);
    await client.send(event('DELETED', policy('a', 19)), event('ADDED', policy('a', 25, 'uid-new')));
    expect(engine.get('a')).toBe('25');
    expect(source.ahead).toBe(0);
  });

  it('takes a deletion for true of an object that only reads have seen, when a list of the informer lacks it', async () => {
    const { client, source, engine } = await start();
    source.offer(policy('a', 15));
    client.version = 30;
    await client.send('gone');
    await caughtUp(source);
    expect([...engine]).toEqual([]);
  });

  it('lets the later of two reads hold, in whatever order they arrive', async () => {
    const { source, engine } = await start();
    source.offerList(list(20));
    source.offerList(list(15, policy('a', 12)));
    expect(engine.get('a')).toBe('12');
    source.offerList(list(21));
    expect([...engine]).toEqual([]);
    source.offerList(list(18, policy('a', 12)));
    expect([...engine]).toEqual([]);
  });

  it('believes a server that lost its data and counts from an earlier version', async () => {
    const { client, source, engine } = await start(policy('a', 5), policy('b', 6));
    source.offer(policy('a', 500));
    client.items = [policy('a', 3)];
    client.version = 4;
    await client.send('gone');
    await caughtUp(source);
    expect([...engine]).toEqual([['a', '3']]);
  });

  it('of an optional kind that the server has is not in sync by a list that finds nothing, until one finds the objects', async () => {
    const client = new ScriptedClient();
    client.wrongAnswers = 3;
    client.items = [policy('a', 5)];
    const { told, heard, source } = startOptional(client);
    await vi.waitFor(() => expect(heard).toContain('synced'), { timeout: 10_000 });
    expect([told, heard.filter((what) => what === 'failed').length, heard.indexOf('synced')]).toEqual([['a'], 3, 3]);
    expect(source.isAbsent).toBe(false);
  });

  it.each([true, false])(
    'of a kind that is not installed is in sync without objects when it is optional (%s), and has them when it is',
    async (isOptional) => {
      const client = new ScriptedClient();
      client.isInstalled = false;
      client.items = [policy('a', 5)];
      const { told, heard, source } = startOptional(client, isOptional);
      await vi.waitFor(() => expect(heard).toContain(isOptional ? 'synced' : 'failed'), { timeout: 10_000 });
      expect([source.isAbsent, source.connected]).toEqual([isOptional, isOptional]);
      client.isInstalled = true;
      await vi.waitFor(() => expect(told).toEqual(['a']), { timeout: 10_000 });
      expect([source.isAbsent, heard.filter((what) => what === 'synced')]).toEqual([false, ['synced']]);
    },
  );
});
