/**
 * Keeps a copy of one resource and tells of its changes: list, then watch, for ever.
 *
 * ```
 *   list (paged) ──▶ replace ──▶ watch from its version ──▶ apply each event
 *     ▲                             │  ended, cut, silent, garbage: watch again from the last version
 *     └───── 410 Gone ◀─────────────┘  (jittered, capped delays unless the watch had been good)
 * ```
 * While the server is away the copy stays as it was; nothing is removed until a list says so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FieldSelection, identityProblem, type KubeList, type KubeObject } from '@weir/kube';
import { ApiError, TransportError } from './api-error.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { InformerStore, type StoreChange } from './informer-store.ts';
import type { KubeClient } from './kube-client.ts';
import type { ResourcePath } from './resource-path.ts';
import type { WatchEvent } from './watch-stream.ts';

/**
 * What an informer calls, one at a time and in order. A handler must not throw: that is a fault of the
 * program, it stops the informer and rejects {@link Informer.finished}.
 */
export interface InformerHandlers<T extends KubeObject> {
  /** An object is new or has changed. One that was deleted and made again is removed first. */
  upsert(object: T): void;
  /** An object is gone; its last known state. */
  remove(object: T): void;
  /** The first list has been delivered completely. Called once. */
  synced?(): void;
  /** Everything up to this resourceVersion has been delivered: after lists, events and bookmarks. */
  progress?(resourceVersion: string): void;
  /** The server has accepted a watch: it answers again, though a quiet resource may send nothing for a minute. */
  opened?(): void;
}

/** Which objects, and what to do about trouble. */
export interface InformerOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What the copy keeps of each object, besides who it is; everything when absent. Nobody may change the objects. */
  readonly fields?: FieldSelection;
  /**
   * Told of every failure (ApiError, TransportError); the informer goes on by itself, after what is returned has
   * resolved. It must not reject; `signal` is aborted when the informer is stopped.
   */
  readonly onError?: (error: unknown, signal: AbortSignal) => void | Promise<void>;
  /** Objects a page when listing. Default 500. */
  readonly pageSize?: number;
  readonly backoff?: BackoffOptions;
  /** A watch asks the server to end it after this time, plus up to as much again at random. Default 300 seconds. */
  readonly watchSeconds?: number;
}

/** A watch that ends sooner than this without an event counts as a failure. */
const shortWatchMs = 1_000;

/** A copy of one resource that follows the server. */
export class Informer<T extends KubeObject> {
  /** Resolves when the first list has been delivered; rejects when the informer is stopped before. */
  readonly synced: Promise<void>;
  readonly #client: KubeClient;
  readonly #path: ResourcePath;
  readonly #handlers: InformerHandlers<T>;
  readonly #options: InformerOptions;
  readonly #store = new InformerStore<T>();
  readonly #abort = new AbortController();
  readonly #backoff: Backoff;
  #settleSynced: { resolve: () => void; reject: (reason: Error) => void } = { resolve: () => undefined, reject: () => undefined };
  #run: Promise<void> | undefined;
  #hasSynced = false;
  #connected = false;
  #watches = 0;

  constructor(client: KubeClient, path: ResourcePath, handlers: InformerHandlers<T>, options: InformerOptions = {}) {
    this.#client = client;
    this.#path = path;
    this.#handlers = handlers;
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
    this.synced = new Promise<void>((resolve, reject) => {
      this.#settleSynced = { resolve, reject };
    });
    // Nobody has to wait for it; who does gets the rejection all the same.
    this.synced.catch(() => undefined);
  }

  /** The newest resourceVersion whose effects have been delivered; undefined before the first list. */
  get lastResourceVersion(): string | undefined {
    return this.#store.lastResourceVersion;
  }

  /** Whether the first list has been delivered. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Whether the last thing heard of the server was good. */
  get connected(): boolean {
    return this.#connected;
  }

  /** How many watches the server has accepted. */
  get watches(): number {
    return this.#watches;
  }

  /** Resolves when the informer has stopped; rejects with what a handler threw. */
  get finished(): Promise<void> {
    return this.#run ?? Promise.resolve();
  }

  /** Starts following; later calls do nothing. */
  start(): void {
    this.#run ??= this.#follow().finally(() => {
      this.#connected = false;
      this.#abort.abort();
      this.#settleSynced.reject(new Error(`the informer of ${this.#path.resource} was stopped before its first list`));
    });
  }

  /** Stops; no handler is called after the promise has resolved. The copy stays readable. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#run;
  }

  /** One object of the copy; `namespace` is undefined for cluster-scoped resources. */
  get(namespace: string | undefined, name: string): T | undefined {
    return this.#store.get(namespace, name);
  }

  /** All objects of the copy, in no particular order. */
  list(): readonly T[] {
    return this.#store.list();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    let mustList = true;
    while (!signal.aborted) {
      try {
        if (mustList) await this.#listAll();
        mustList = false;
        await this.#watchOnce();
      } catch (error) {
        if (error instanceof HandlerFault) throw error.cause;
        if (signal.aborted) return;
        this.#connected = false;
        await this.#options.onError?.(error, signal);
        // A version that is gone (410), or that the server does not know yet because it lost its data (504), is
        // cured by a list only; a list changes nothing that has not changed, so any refusal leads to one.
        mustList ||= error instanceof ApiError && error.code !== 429;
        await this.#pause(error);
      }
    }
  }

  async #listAll(): Promise<void> {
    const items: T[] = [];
    let page: KubeList<T>;
    let token: string | undefined;
    do {
      page = await this.#client.list<T>(this.#path, {
        ...this.#selection(),
        limit: this.#options.pageSize ?? 500,
        ...(token === undefined ? {} : { continue: token }),
        signal: this.#abort.signal,
      });
      for (const item of page.items) items.push(item);
      token = page.metadata.continue === '' ? undefined : page.metadata.continue;
    } while (token !== undefined);
    this.#checkIdentities(items);
    this.#deliver(this.#store.replace(items, page.metadata.resourceVersion));
    this.#connected = true;
    if (!this.#hasSynced) {
      this.#hasSynced = true;
      this.#call(() => this.#handlers.synced?.());
      this.#settleSynced.resolve();
    }
    this.#reportProgress();
  }

  async #watchOnce(): Promise<void> {
    const seconds = this.#options.watchSeconds ?? 300;
    const startedAtMs = performance.now();
    let events = 0;
    const version = this.#store.lastResourceVersion;
    const watch = this.#client.watch<T>(
      this.#path,
      {
        ...this.#selection(),
        ...(version === undefined ? {} : { resourceVersion: version }),
        timeoutSeconds: Math.round(seconds * (1 + Math.random())),
        onOpen: () => {
          this.#watches++;
          this.#connected = true;
          if (!this.#abort.signal.aborted) this.#call(() => this.#handlers.opened?.());
        },
      },
      this.#abort.signal,
    );
    for await (const event of watch) {
      if (this.#abort.signal.aborted) return;
      events += 1;
      this.#connected = true;
      this.#backoff.reset();
      this.#take(event);
    }
    if (this.#abort.signal.aborted) return;
    if (events === 0 && performance.now() - startedAtMs < shortWatchMs) {
      throw new TransportError('cut', `the watch of ${this.#path.resource} ended at once without an event`);
    }
    this.#connected = true;
    this.#backoff.reset();
  }

  #take(event: WatchEvent<T>): void {
    if (event.type !== 'BOOKMARK') this.#checkIdentities([event.object]);
    this.#deliver(this.#store.apply(event));
    this.#reportProgress();
  }

  #checkIdentities(objects: readonly T[]): void {
    for (const object of objects) {
      const problem = identityProblem(object);
      if (problem !== undefined)
        throw new TransportError('garbage', `an object among the ${this.#path.resource} cannot be told: ${problem}`);
    }
  }

  #deliver(changes: readonly StoreChange<T>[]): void {
    for (const change of changes) {
      if (this.#abort.signal.aborted) return;
      this.#call(() => (change.kind === 'upsert' ? this.#handlers.upsert(change.object) : this.#handlers.remove(change.object)));
    }
  }

  #reportProgress(): void {
    const version = this.#store.lastResourceVersion;
    if (version !== undefined && !this.#abort.signal.aborted) this.#call(() => this.#handlers.progress?.(version));
  }

  /** Keeps what handlers throw apart from trouble with the server. */
  #call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      throw new HandlerFault('a handler of an informer threw', { cause: error });
    }
  }

  async #pause(error: unknown): Promise<void> {
    const asked = error instanceof ApiError && error.retryAfterSeconds !== undefined ? error.retryAfterSeconds * 1_000 : 0;
    const delayMs = Math.max(this.#backoff.next(), Math.min(asked, 30_000));
    try {
      await sleep(delayMs, undefined, { signal: this.#abort.signal });
    } catch {
      // Stopped while waiting: the loop sees the signal.
    }
  }

  #selection(): Pick<InformerOptions, 'labelSelector' | 'fieldSelector' | 'fields'> {
    const { labelSelector, fieldSelector, fields } = this.#options;
    return {
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(fields === undefined ? {} : { fields }),
    };
  }
}

/** Carries what a handler threw out of the loop that retries everything else. */
class HandlerFault extends Error {
  override readonly name = 'HandlerFault';
}
