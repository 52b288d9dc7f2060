/** One informer per resource, shared by all controllers of a process. */
import { Informer, type InformerHandlers, type KubeClient, type ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';

/** What a controller hears of a resource. */
export type SharedHandlers<T extends KubeObject> = Pick<InformerHandlers<T>, 'upsert' | 'remove'>;

/** The copy of one resource. */
export interface ObjectStore<T extends KubeObject> {
  get(namespace: string | undefined, name: string): T | undefined;
  list(): readonly T[];
  /** Resolves when the first list is there; rejects when it is never to come. */
  readonly synced: Promise<void>;
}

interface Shared {
  readonly informer: Informer<KubeObject>;
  readonly handlers: SharedHandlers<KubeObject>[];
}

/**
 * The informers of a process. Stores of what is followed before {@link start} are complete after it; what is followed
 * later is started at once.
 */
export class SharedInformers {
  readonly #client: KubeClient;
  readonly #onError: (resource: string, error: unknown) => void;
  readonly #shared = new Map<string, Shared>();
  #phase: 'made' | 'started' | 'stopped' = 'made';

  constructor(client: KubeClient, onError: (resource: string, error: unknown) => void) {
    this.#client = client;
    this.#onError = onError;
  }

  /** Follows a resource and answers its copy; handlers of one resource are called in the order they were added. */
  follow<T extends KubeObject>(path: ResourcePath, handlers?: SharedHandlers<T>): ObjectStore<T> {
    const key = `${path.group}/${path.resource}`;
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      const all: SharedHandlers<KubeObject>[] = [];
      const informer = new Informer<KubeObject>(
        this.#client,
        path,
        {
          upsert: (object) => all.forEach((each) => each.upsert(object)),
          remove: (object) => all.forEach((each) => each.remove(object)),
        },
        { onError: (error) => this.#onError(path.resource, error), backoff: { initialMs: 20, maximumMs: 2_000 } },
      );
      shared = { informer, handlers: all };
      this.#shared.set(key, shared);
      if (this.#phase === 'started') informer.start();
    }
    if (handlers !== undefined) {
      shared.handlers.push(handlers);
      // Who comes late hears first of what is there already.
      for (const object of shared.informer.list()) handlers.upsert(object as T);
    }
    return shared.informer as unknown as ObjectStore<T>;
  }

  /** Ends what {@link follow} began for these handlers; each object that is still known is removed for them. */
  unfollow<T extends KubeObject>(path: ResourcePath, handlers: SharedHandlers<T>): void {
    const key = `${path.group}/${path.resource}`;
    const shared = this.#shared.get(key);
    const at = shared?.handlers.indexOf(handlers) ?? -1;
    if (shared === undefined || at < 0) return;
    shared.handlers.splice(at, 1);
    for (const object of shared.informer.list()) handlers.remove(object as T);
    if (shared.handlers.length > 0) return;
    this.#shared.delete(key);
    shared.informer.stop().catch((error: unknown) => this.#onError(path.resource, error));
  }

  /** Starts all informers; resolves when every first list has been delivered. */
  async start(): Promise<void> {
    this.#phase = 'started';
    const all = [...this.#shared.values()];
    for (const { informer } of all) informer.start();
    await Promise.all(all.map(({ informer }) => informer.synced));
  }

  /** Stops all informers; no handler is called after that. */
  async stop(): Promise<void> {
    this.#phase = 'stopped';
    await Promise.all([...this.#shared.values()].map(({ informer }) => informer.stop()));
  }
}
