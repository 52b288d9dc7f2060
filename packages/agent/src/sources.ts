/**
 * Brings the cluster's objects into the engine: informers, and consistent reads for the start gate.
 *
 *   informers (pods, namespaces, policies) ──▶ newer than known? ──▶ engine ──▶ changed()
 *   gate's reads ───────────────────────────▶        ″
 *
 * Both ways deliver the same objects, so each kind keeps the newest resourceVersion it has seen of
 * every object, and what is older is dropped: an informer that lags cannot undo what a read brought.
 */
import type { Engine } from '@weir/calc';
import {
  compareResourceVersions,
  Informer,
  type KubeClient,
  namespacesPath,
  networkPoliciesPath,
  podsPath,
  type ResourcePath,
} from '@weir/client';
import type { KubeObject, Namespace, NetworkPolicy, Pod } from '@weir/kube';

/** The kinds that the engine reads, named as its sync gate names them. */
export type SourceKind = 'pods' | 'namespaces' | 'networkPolicies';

/** What the sources report to. */
export interface SourceListener {
  /** The engine has been told of something. */
  changed(kind: SourceKind): void;
  /** Trouble with the API server; the sources go on by themselves. */
  failed(kind: SourceKind, error: unknown): void;
}

/** How one kind reaches the engine. */
interface Sink<T extends KubeObject> {
  readonly kind: SourceKind;
  readonly path: ResourcePath;
  upsert(object: T): void;
  remove(object: T): void;
}

/** The three informers of one agent. */
export class Sources {
  readonly #client: KubeClient;
  readonly #namespaces: Source<Namespace>;
  readonly #policies: Source<NetworkPolicy>;
  readonly #pods: Source<Pod>;

  constructor(client: KubeClient, engine: Engine, listener: SourceListener) {
    this.#client = client;
    const make = <T extends KubeObject>(sink: Sink<T>): Source<T> => new Source(client, sink, { engine, listener });
    this.#namespaces = make<Namespace>({
      kind: 'namespaces',
      path: namespacesPath,
      upsert: (namespace) => engine.upsertNamespace(namespace),
      remove: (namespace) => engine.deleteNamespace(nameOf(namespace)),
    });
    this.#policies = make<NetworkPolicy>({
      kind: 'networkPolicies',
      path: networkPoliciesPath(),
      upsert: (policy) => engine.upsertNetworkPolicy(policy),
      remove: (policy) => engine.deleteNetworkPolicy(policy.metadata.namespace ?? '', nameOf(policy)),
    });
    this.#pods = make<Pod>({
      kind: 'pods',
      path: podsPath(),
      upsert: (pod) => engine.upsertPod(pod),
      remove: (pod) => engine.deletePod(pod.metadata.namespace ?? '', nameOf(pod)),
    });
  }

  /** Starts following. */
  start(): void {
    for (const source of this.#all()) source.informer.start();
  }

  /** Stops following; the engine keeps what it knows. */
  async stop(): Promise<void> {
    await Promise.all(this.#all().map((source) => source.informer.stop()));
  }

  /** Whether every kind has been listed once. */
  get synced(): boolean {
    return this.#all().every((source) => source.informer.hasSynced);
  }

  /** Resolves when every kind has been listed once. */
  async whenSynced(): Promise<void> {
    await Promise.all(this.#all().map((source) => source.informer.synced));
  }

  /** Whether the last thing heard of the API server was good, for every kind. */
  get connected(): boolean {
    return this.#all().every((source) => source.informer.connected);
  }

  /** The UID of a pod as it is known now. */
  podUid(namespace: string, name: string): string | undefined {
    return this.#pods.uid(namespace, name);
  }

  /**
   * Reads the pod, its namespace and the namespace's policies as they are now, past any cache, and
   * brings them into the engine. Throws what the client throws, and gives the pod.
   */
  async readForStart(namespace: string, name: string): Promise<Pod> {
    const [namespaceObject, policies, pod] = await Promise.all([
      this.#client.get<Namespace>(namespacesPath, namespace),
      this.#client.list<NetworkPolicy>(networkPoliciesPath(namespace)),
      this.#client.get<Pod>(podsPath(namespace), name),
    ]);
    this.#namespaces.upsert(namespaceObject);
    for (const policy of policies.items) this.#policies.upsert(policy);
    this.#pods.upsert(pod);
    return pod;
  }

  #all(): readonly Source<Namespace | NetworkPolicy | Pod>[] {
    return [this.#namespaces, this.#policies, this.#pods] as unknown as readonly Source<Namespace | NetworkPolicy | Pod>[];
  }
}

/** One kind: its informer and the newest version seen of each object. */
class Source<T extends KubeObject> {
  readonly informer: Informer<T>;
  readonly #sink: Sink<T>;
  readonly #listener: SourceListener;
  readonly #newest = new Map<string, { version: string | undefined; uid: string | undefined }>();

  constructor(client: KubeClient, sink: Sink<T>, wiring: { engine: Engine; listener: SourceListener }) {
    this.#sink = sink;
    this.#listener = wiring.listener;
    this.informer = new Informer<T>(
      client,
      sink.path,
      {
        upsert: (object) => this.upsert(object),
        remove: (object) => this.remove(object),
        synced: () => {
          wiring.engine.setInSync(sink.kind);
          wiring.listener.changed(sink.kind);
        },
      },
      { onError: (error) => wiring.listener.failed(sink.kind, error) },
    );
  }

  upsert(object: T): void {
    const key = keyOf(object);
    const known = this.#newest.get(key);
    if (known !== undefined && isOlder(object.metadata.resourceVersion, known.version)) return;
    this.#newest.set(key, { version: object.metadata.resourceVersion, uid: object.metadata.uid });
    this.#sink.upsert(object);
    this.#listener.changed(this.#sink.kind);
  }

  uid(namespace: string, name: string): string | undefined {
    return this.#newest.get(`${namespace}/${name}`)?.uid;
  }

  remove(object: T): void {
    const key = keyOf(object);
    const known = this.#newest.get(key);
    // A read has already brought its successor of the same name.
    if (known !== undefined && known.uid !== object.metadata.uid) return;
    this.#newest.delete(key);
    this.#sink.remove(object);
    this.#listener.changed(this.#sink.kind);
  }
}

/** Versions that cannot be compared count as newer: what arrives last holds. */
function isOlder(version: string | undefined, than: string | undefined): boolean {
  const order = compareResourceVersions(version, than);
  return order !== undefined && order < 0;
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${nameOf(object)}`;
}

function nameOf(object: KubeObject): string {
  return object.metadata.name ?? '';
}
