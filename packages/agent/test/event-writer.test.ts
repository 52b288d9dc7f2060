/** One Event for the whole cluster, however many agents have the same to say; on a clock of the test's own. */
import { ApiError, KubeClient, type ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventWriter } from '../src/status/event-writer.ts';
import type { Notice } from '../src/status/notice.ts';

interface StoredEvent extends KubeObject {
  readonly count: number;
  readonly lastTimestamp: string;
  readonly message: string;
}

/** The Events of a cluster, and how often it was asked. */
class EventStore extends KubeClient {
  readonly events = new Map<string, StoredEvent>();
  calls = 0;
  isAway = false;

  constructor() {
    super({ server: 'http://127.0.0.1:1' });
  }

  override create<T extends KubeObject>(_path: ResourcePath, object: T): Promise<T> {
    const name = object.metadata.name ?? '';
    if (this.#refuses() || this.events.has(name)) return this.#error(this.isAway ? 500 : 409);
    this.events.set(name, object as unknown as StoredEvent);
    return Promise.resolve(object);
  }

  override get<T extends KubeObject>(_path: ResourcePath, name: string): Promise<T> {
    const found = this.events.get(name);
    if (this.#refuses() || found === undefined) return this.#error(this.isAway ? 500 : 404);
    return Promise.resolve(found as unknown as T);
  }

  override patch<T extends KubeObject>(_path: ResourcePath, name: string, patch: unknown): Promise<T> {
    const found = this.events.get(name);
    if (this.#refuses() || found === undefined) return this.#error(this.isAway ? 500 : 404);
    this.events.set(name, { ...found, ...(patch as object) });
    return Promise.resolve(found as unknown as T);
  }

  #refuses(): boolean {
    this.calls++;
    return this.isAway;
  }

  #error(code: number): Promise<never> {
    const reason = code === 409 ? 'AlreadyExists' : 'NotFound';
    return Promise.reject(new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, code }));
  }
}

function notice(name: string, message = 'it is odd'): Notice {
  const object = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'demo', name, uid: `uid-${name}` };
  return { object, type: 'Warning', reason: 'PolicyRefused', message };
}

describe('an Event', () => {
  let store: EventStore;
  let writers: EventWriter[];

  beforeEach(() => {
    vi.useFakeTimers();
    store = new EventStore();
    writers = [];
  });
  afterEach(() => {
    for (const writer of writers) writer.stop();
    vi.useRealTimers();
  });

  const writer = (): EventWriter => {
    const made = new EventWriter(store, pino({ level: 'silent' }));
    writers.push(made);
    return made;
  };
  const after = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);
  const counts = (): number[] => [...store.events.values()].map(({ count }) => count);

  it('is one for 250 agents, comes within a second where its pods are, and costs the others two reads at most', async () => {
    for (let i = 0; i < 250; i++) writer().announce(notice('p'), { isOurs: i < 10, isLasting: true });
    await after(1_100);
    expect(counts()).toEqual([1]);
    expect(store.calls).toBeLessThanOrEqual(20);
    await after(60_000);
    expect(counts()).toEqual([1]);
    expect(store.calls).toBeLessThanOrEqual(500);
    expect([...store.events.values()][0]).toMatchObject({
      metadata: { namespace: 'demo' },
      involvedObject: { kind: 'NetworkPolicy', name: 'p', uid: 'uid-p' },
      type: 'Warning',
      reason: 'PolicyRefused',
      message: 'it is odd',
    });
  });

  it('is counted up by one agent of many while it lasts, and made again when it has expired', async () => {
    for (let i = 0; i < 20; i++) writer().announce(notice('p'), { isOurs: true, isLasting: true });
    await after(7_200_000);
    expect(counts()[0]).toBeGreaterThanOrEqual(4);
    expect(counts()[0]).toBeLessThanOrEqual(9);
    store.events.clear();
    await after(3_600_000);
    expect(store.events.size).toBe(1);
    for (const each of writers) each.withdraw(notice('p'));
    const { calls } = store;
    await after(7_200_000);
    expect(store.calls).toBe(calls);
  });

  it('is counted up when the same begins anew, and not when another agent has just told it', async () => {
    const one = writer();
    one.announce(notice('p'), { isOurs: true, isLasting: false });
    await after(2_000);
    writer().announce(notice('p'), { isOurs: true, isLasting: false });
    await after(2_000);
    expect(counts()).toEqual([1]);
    await after(300_000);
    one.announce(notice('p'), { isOurs: true, isLasting: false });
    await after(2_000);
    expect(counts()).toEqual([2]);
  });

  it('is one of ten at once, and of one in ten seconds from then on', async () => {
    const one = writer();
    for (let i = 0; i < 100; i++) one.announce(notice(`p${i}`), { isOurs: true, isLasting: true });
    await after(5_000);
    expect(store.events.size).toBe(10);
    await after(100_000);
    expect(store.events.size).toBeGreaterThanOrEqual(19);
    expect(store.events.size).toBeLessThanOrEqual(21);
  });

  it('is not written when it was withdrawn before, and written later when the API server is away', async () => {
    const one = writer();
    one.announce(notice('gone'), { isOurs: true, isLasting: true });
    one.withdraw(notice('gone'));
    store.isAway = true;
    one.announce(notice('p'), { isOurs: true, isLasting: true });
    await after(10_000);
    expect(store.events.size).toBe(0);
    store.isAway = false;
    await after(60_000);
    expect([...store.events.values()].map(({ metadata }) => metadata.name?.split('.')[0])).toEqual(['p']);
  });
});
