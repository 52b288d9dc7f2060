/**
 * One kind of objects on its way into the engine: from its informer, and from reads that run ahead of it.
 *
 *   informer ──▶ not read ahead? ───────────────▶ sink (engine)
 *   reads ─────▶ newer than the informer? ──────▶   ″
 *
 * A read is compared with how far the informer has come: what is not newer is no news (and must not
 * bring back what was deleted since). What is newer goes to the engine at once, and the informer's
 * events about that object are held back until the informer has come as far as the read; then the
 * informer's copy counts again. So nothing is remembered for longer than the informer lags.
 */
import { Informer, isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import { compareResourceVersions, type FieldSelection, type KubeObject } from '@weir/kube';
import { isInstalled } from './installed-kind.ts';

/** Where the objects of one kind go. */
export interface Sink<T extends KubeObject> {
  upsert(object: T): void;
  remove(namespace: string, name: string): void;
}

/** What a source reports to. */
export interface SourceListener {
  /** The sink is about to be told of something. */
  arrived(): void;
  /** The sink has been told of something; `news` is the object when somebody changed it just now. */
  changed(news?: KubeObject): void;
  /** The first list has been delivered. */
  synced(): void;
  /** Trouble with the API server; the source goes on by itself. */
  failed(error: unknown): void;
  /** The last thing heard of the API server was good. */
  heard(): void;
}

/** Everything in one namespace at one moment. */
export interface NamespaceList<T> {
  readonly namespace: string;
  readonly items: readonly T[];
  readonly resourceVersion: string | undefined;
}

/** What a source is made of. */
export interface SourceWiring<T extends KubeObject> {
  readonly path: ResourcePath;
  /** What is kept of each object. */
  readonly fields: FieldSelection;
  readonly sink: Sink<T>;
  readonly listener: SourceListener;
  /** Whether the API server may not have the kind: then there are no objects of it, and it is asked for again. */
  readonly isOptional?: boolean;
}

/** How long a kind that is not installed is not asked for again, in milliseconds at most. */
const absenceMs = 30_000;

/** One kind. */
export class Source<T extends KubeObject> {
  readonly informer: Informer<T>;
  readonly #sink: Sink<T>;
  readonly #listener: SourceListener;
  /** Objects of which a read knows more than the informer, with the version up to which it knows. */
  readonly #ahead = new Map<string, { readonly namespace: string; readonly name: string; readonly version: string | undefined }>();
  #progress: string | undefined;
  #isAbsent = false;

  constructor(client: KubeClient, wiring: SourceWiring<T>) {
    this.#sink = wiring.sink;
    this.#listener = wiring.listener;
    this.informer = new Informer<T>(
      client,
      wiring.path,
      {
        upsert: (object) => {
          if (!this.#ahead.has(keyOf(object))) this.#upsert(object, object);
        },
        remove: (object) => {
          if (!this.#ahead.has(keyOf(object))) this.#remove(namespaceOf(object), nameOf(object), object);
        },
        synced: () => this.#synced(),
        progress: (version) => this.#progressed(version),
        opened: () => this.#listener.heard(),
      },
      {
        fields: wiring.fields,
        onError: (error, signal) =>
          wiring.isOptional === true
            ? this.#failedOptional(error, () => isInstalled(client, wiring.path, signal))
            : this.#listener.failed(error),
        ...(wiring.isOptional === true ? { backoff: { maximumMs: absenceMs } } : {}),
      },
    );
  }

  /** Whether the API server does not have the kind. */
  get isAbsent(): boolean {
    return this.#isAbsent;
  }

  /** Whether the last thing heard of the API server was good. */
  get connected(): boolean {
    return this.#isAbsent || this.informer.connected;
  }

  /** How many objects are held back from the informer now. */
  get ahead(): number {
    return this.#ahead.size;
  }

  /** The object as the informer knows it. */
  get(namespace: string, name: string): T | undefined {
    return this.informer.get(namespace === '' ? undefined : namespace, name);
  }

  /** Takes over one object that was read. */
  offer(object: T): void {
    const version = object.metadata.resourceVersion;
    if (this.#isCovered(version)) return;
    this.#runAhead(namespaceOf(object), nameOf(object), version);
    this.#upsert(object, object);
  }

  /** Takes over a whole namespace that was read: what is not in the list is gone. */
  offerList({ namespace, items, resourceVersion }: NamespaceList<T>): void {
    if (this.#isCovered(resourceVersion)) return;
    const listed = new Set(items.map(keyOf));
    for (const item of items) {
      const known = this.get(namespace, nameOf(item));
      if (!this.#ahead.has(keyOf(item)) && known !== undefined && isSame(known, item)) continue;
      if (this.#runAhead(namespace, nameOf(item), resourceVersion)) this.#upsert(item);
    }
    const others = this.informer
      .list()
      .filter((object) => namespaceOf(object) === namespace)
      .map(nameOf);
    for (const entry of this.#ahead.values()) if (entry.namespace === namespace) others.push(entry.name);
    for (const name of new Set(others)) {
      if (!listed.has(`${namespace}/${name}`) && this.#runAhead(namespace, name, resourceVersion)) this.#remove(namespace, name);
    }
  }

  #synced(): void {
    // An absent kind has been in sync since it was found to be absent.
    if (!this.#isAbsent) this.#listener.synced();
    this.#isAbsent = false;
  }

  /**
   * Only before its first list is a kind that is not found one that is not installed, and only if the server's discovery
   * does not have it either; later what is known stays.
   */
  async #failedOptional(error: unknown, isServed: () => Promise<boolean>): Promise<void> {
    const problem = isNotFound(error) && !this.informer.hasSynced ? await this.#problemOfAbsence(error, isServed) : error;
    if (problem !== undefined) {
      this.#listener.failed(problem);
      return;
    }
    if (!this.#isAbsent) {
      this.#isAbsent = true;
      this.#listener.synced();
    }
    this.#listener.heard();
  }

  /** Why the kind may be there although it was not found; undefined: it is absent. */
  async #problemOfAbsence(notFound: unknown, isServed: () => Promise<boolean>): Promise<unknown> {
    if (this.#isAbsent) return undefined;
    try {
      return (await isServed()) ? notFound : undefined;
    } catch (error) {
      return error;
    }
  }

  #isCovered(version: string | undefined): boolean {
    return isAtMost(version, this.informer.lastResourceVersion);
  }

  /** Notes how far a read knows an object; false when another read knows more. */
  #runAhead(namespace: string, name: string, version: string | undefined): boolean {
    const key = `${namespace}/${name}`;
    const known = this.#ahead.get(key);
    if (known !== undefined && known.version !== version && isAtMost(version, known.version)) return false;
    this.#ahead.set(key, { namespace, name, version });
    return true;
  }

  /** The informer has come to `version`: where it has caught up, its copy counts. */
  #progressed(version: string): void {
    const order = compareResourceVersions(version, this.#progress);
    // A server that lost data counts from an earlier version again: what was read of the old one is void.
    const wentBack = order !== undefined && order < 0;
    this.#progress = version;
    for (const [key, entry] of this.#ahead) {
      const lag = compareResourceVersions(entry.version, version);
      if (!wentBack && lag !== undefined && lag > 0) continue;
      this.#ahead.delete(key);
      const object = this.get(entry.namespace, entry.name);
      if (object === undefined) this.#remove(entry.namespace, entry.name);
      else this.#upsert(object);
    }
    this.#listener.heard();
  }

  #upsert(object: T, news?: T): void {
    this.#listener.arrived();
    this.#sink.upsert(object);
    this.#listener.changed(news);
  }

  #remove(namespace: string, name: string, news?: T): void {
    this.#listener.arrived();
    this.#sink.remove(namespace, name);
    this.#listener.changed(news);
  }
}

/** Whether `version` is known to be `other` or older. */
function isAtMost(version: string | undefined, other: string | undefined): boolean {
  const order = compareResourceVersions(version, other);
  return order !== undefined && order <= 0;
}

function isSame(left: KubeObject, right: KubeObject): boolean {
  return left.metadata.uid === right.metadata.uid && left.metadata.resourceVersion === right.metadata.resourceVersion;
}

/** The namespace of an object; empty for cluster-scoped ones. */
export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? '';
}

/** The name of an object. */
export function nameOf(object: KubeObject): string {
  return object.metadata.name ?? '';
}

function keyOf(object: KubeObject): string {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}
