/**
 * The ConfigMaps and Secrets that pods of this node refer to: read when a container starts, followed while a volume shows them.
 *
 * Each object is followed by a watch of its own, one for all volumes of the node, so that a node knows no others.
 */
import { configMapsPath, Informer, isNotFound, type KubeClient, type ResourcePath, secretsPath } from '@weir/client';
import type { KeyedKind, KeyedObject } from '../environment/container-environment.ts';

/** Names an object. */
export interface KeyedReference {
  readonly kind: KeyedKind;
  readonly namespace: string;
  readonly name: string;
}

/** An object that is being followed. */
export interface FollowedObject {
  /** As it is now; undefined when it is not there. Resolves after the first list. */
  current(): Promise<KeyedObject | undefined>;
  /** Ends it; no change is told any more. */
  release(): void;
}

interface Watched {
  readonly informer: Informer<KeyedObject>;
  readonly listeners: Set<() => void>;
}

const paths: Readonly<Record<KeyedKind, (namespace: string) => ResourcePath>> = { ConfigMap: configMapsPath, Secret: secretsPath };

/** The node's view of them. */
export class KeyedObjects {
  readonly #client: KubeClient;
  readonly #watched = new Map<string, Watched>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** The object as it is now; undefined when it is not there. Rejects as the client does. */
  async read({ kind, namespace, name }: KeyedReference): Promise<KeyedObject | undefined> {
    try {
      return await this.#client.get<KeyedObject>(paths[kind](namespace), name);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Follows it from now on. */
  follow(reference: KeyedReference, onChange: () => void): FollowedObject {
    const key = `${reference.kind}/${reference.namespace}/${reference.name}`;
    const watched = this.#watched.get(key) ?? this.#watch(key, reference);
    watched.listeners.add(onChange);
    return {
      current: async () => {
        await watched.informer.synced;
        return watched.informer.list()[0];
      },
      release: () => {
        watched.listeners.delete(onChange);
        if (watched.listeners.size > 0 || this.#watched.get(key) !== watched) return;
        this.#watched.delete(key);
        void watched.informer.stop();
      },
    };
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    const all = [...this.#watched.values()];
    this.#watched.clear();
    await Promise.all(all.map(({ informer }) => informer.stop()));
  }

  #watch(key: string, { kind, namespace, name }: KeyedReference): Watched {
    const listeners = new Set<() => void>();
    const changed = (): void => {
      for (const listener of listeners) listener();
    };
    const informer = new Informer<KeyedObject>(
      this.#client,
      paths[kind](namespace),
      { upsert: changed, remove: changed },
      { fieldSelector: `metadata.name=${name}`, backoff: { initialMs: 50, maximumMs: 5_000 } },
    );
    const watched = { informer, listeners };
    this.#watched.set(key, watched);
    informer.start();
    return watched;
  }
}
