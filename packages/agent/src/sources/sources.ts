/**
 * Brings the cluster's objects into the engine: informers, and consistent reads for the start gate.
 *
 * A pod that starts must meet the rules of its moment, so the gate does not trust the informers, which
 * may lag: it reads the pod, its namespace and the namespace's policies anew, deletions included.
 */
import type { Engine, Source as EngineSource, OwningPod } from '@weir/calc';
import { type KubeClient, namespacesPath, nodesPath, podsPath, serviceAccountsPath, TransportError } from '@weir/client';
import {
  checkPodShape,
  identityProblem,
  type KubeObject,
  type Namespace,
  type Node,
  namespacePolicyFields,
  nodePolicyFields,
  type Pod,
  podPolicyFields,
  serviceAccountPolicyFields,
} from '@weir/kube';
import { type Address, compareAddresses, parseAddress } from '@weir/net';
import { PolicySources } from './policy-sources.ts';
import { SharedReads } from './shared-reads.ts';
import { nameOf, namespaceOf, Source, type SourceWiring } from './source.ts';

/** The kinds that the engine reads, named as its sync gate names them. */
export type SourceKind = EngineSource;

/** What all sources have in common, whatever their objects. */
type AnySource = Pick<Source<KubeObject>, 'connected' | 'isAbsent'> & {
  readonly informer: Pick<Source<KubeObject>['informer'], 'watches' | 'start' | 'stop' | 'finished'>;
};

/** How one kind gets on with the API server. */
export interface SourceContact {
  readonly kind: SourceKind;
  readonly connected: boolean;
  /** How many watches the server has accepted; all but the first are reconnects. */
  readonly watches: number;
  readonly failures: number;
  /** Since anything was heard, in milliseconds; NaN before the first time. */
  readonly silentMs: number;
}

/** What the sources report to. */
export interface SourcesListener {
  /** The engine is about to be told of something. */
  arrived(): void;
  /** The engine has been told of something; `news` is the object when somebody changed it just now. */
  changed(kind: SourceKind, news?: KubeObject): void;
  /** Every kind has been listed once; called once. */
  synced(): void;
  /** Trouble with the API server; the sources go on by themselves. */
  failed(kind: SourceKind, error: unknown): void;
  /** The last thing heard of the API server was good. */
  heard(kind: SourceKind): void;
  /** A fault of ours: the engine threw. What it knows is uncertain from now on. */
  onFault(error: unknown): void;
}

/** What the sources need. */
export interface SourcesOptions {
  readonly client: KubeClient;
  readonly engine: Engine;
  readonly listener: SourcesListener;
  /** How long a read for the start gate may take, in milliseconds. */
  readonly readTimeoutMs: number;
}

/** How a kind has got on with the API server. */
interface Contact {
  failures: number;
  heardAtMs: number;
}

/** The informers of one agent. */
export class Sources {
  readonly #client: KubeClient;
  readonly #engine: Engine;
  readonly #listener: SourcesListener;
  readonly #readTimeoutMs: number;
  readonly #namespaces: Source<Namespace>;
  readonly #pods: Source<Pod>;
  readonly #policies: PolicySources;
  /** All of them, by the names of their kinds. */
  readonly #all: ReadonlyMap<SourceKind, AnySource>;
  readonly #namespaceReads = new SharedReads((namespace) => this.#readNamespace(namespace));
  /** Pods that have left the node although the API still lists them, by namespace and name: their uids. */
  readonly #left = new Map<string, string>();
  readonly #contacts = new Map<SourceKind, Contact>();
  #unsynced: number;

  constructor(options: SourcesOptions) {
    const { engine } = options;
    this.#unsynced = engine.sources.length;
    this.#client = options.client;
    this.#engine = engine;
    this.#listener = options.listener;
    this.#readTimeoutMs = options.readTimeoutMs;
    this.#namespaces = this.#make<Namespace>('namespaces', {
      path: namespacesPath,
      fields: namespacePolicyFields,
      sink: {
        upsert: (namespace) => engine.upsertNamespace(namespace),
        remove: (_, name) => engine.deleteNamespace(name),
      },
    });
    this.#pods = this.#make<Pod>('pods', {
      path: podsPath(),
      fields: podPolicyFields,
      sink: {
        upsert: (pod) => this.#upsertPod(pod),
        remove: (namespace, name) => {
          this.#left.delete(`${namespace}/${name}`);
          engine.deletePod(namespace, name);
        },
      },
    });
    const shared = new Map<SourceKind, AnySource>([
      ['namespaces', this.#namespaces],
      ['pods', this.#pods],
      ...(engine.sources.includes('nodes') ? [['nodes', this.#makeNodes()] as const] : []),
      ...(engine.sources.includes('serviceaccounts') ? [['serviceaccounts', this.#makeAccounts()] as const] : []),
    ]);
    this.#policies = new PolicySources(engine, (name, wiring) => this.#make(name, wiring), new Set(shared.keys()));
    this.#all = new Map([...shared, ...this.#policies.all]);
  }

  /** Starts following. */
  start(): void {
    for (const { informer } of this.#all.values()) {
      informer.start();
      informer.finished.catch((error: unknown) => this.#listener.onFault(error));
    }
  }

  /** Stops following; the engine keeps what it knows. */
  async stop(): Promise<void> {
    await Promise.allSettled([...this.#all.values()].map(({ informer }) => informer.stop()));
  }

  /** Whether every kind has been listed once. */
  get synced(): boolean {
    return this.#unsynced === 0;
  }

  /** Whether the last thing heard of the API server was good, for every kind. */
  get connected(): boolean {
    return [...this.#all.values()].every(({ connected }) => connected);
  }

  /** How each kind gets on with the API server. */
  contacts(): readonly SourceContact[] {
    return [...this.#all].map(([kind, { connected, informer }]) => {
      const { failures, heardAtMs } = this.#contactOf(kind);
      return { kind, connected, watches: informer.watches, failures, silentMs: performance.now() - heardAtMs };
    });
  }

  /** The resourceVersion up to which the engine knows the policies of each kind, by the names of the kinds. */
  get policyVersions(): ReadonlyMap<string, string> {
    return this.#policies.versions;
  }

  /** The uid of an object of a policy API as the informer of its kind knows it. */
  policyUid(kind: string, namespace: string, name: string): string | undefined {
    return this.#policies.uidOf(kind, namespace, name);
  }

  /** The uid of a pod as the informer knows it. */
  podUid(namespace: string, name: string): string | undefined {
    return this.#pods.get(namespace, name)?.metadata.uid;
  }

  /**
   * Reads the pod, its namespace and the namespace's policies as they are now, past any cache. Throws
   * what the client throws; the result is brought into the engine by {@link enter}.
   */
  async readForStart(namespace: string, name: string): Promise<Pod> {
    const signal = AbortSignal.timeout(this.#readTimeoutMs);
    const pod = recognized(await this.#client.get<Pod>(podsPath(namespace), name, { signal }));
    // One after the other: pods that start together share this read, go on together, and so share a transaction.
    await this.#namespaceReads.read(namespace);
    return pod;
  }

  /** A pod that was just read is about to start on this node. */
  enter(pod: Pod): void {
    const [namespace, name] = [namespaceOf(pod), nameOf(pod)];
    this.#guarded(() => {
      const known = this.#left.delete(`${namespace}/${name}`) ? this.#pods.get(namespace, name) : undefined;
      if (known !== undefined) this.#engine.upsertPod(known);
      this.#pods.offer(pod);
    });
  }

  /** The pod has left the node: its address is nobody's, although the API may list it for a while. */
  leave(namespace: string, name: string, uid: string): void {
    if (this.podUid(namespace, name) !== uid) return;
    this.#left.set(`${namespace}/${name}`, uid);
    this.#guarded(() => this.#engine.deletePod(namespace, name));
  }

  /**
   * A pod that has left this node and still has the address for the API server, and so for the agents of
   * other nodes; not when they know already that the address is the next pod's, which is younger.
   */
  leftPodAt(address: Address, next: OwningPod): OwningPod | undefined {
    const own = this.#pods.get(next.namespace, next.name);
    if (own?.metadata.uid === next.uid && publishes(own, address)) return undefined;
    for (const [key, uid] of this.#left) {
      const [namespace = '', name = ''] = key.split('/');
      const pod = this.#pods.get(namespace, name);
      if (pod?.metadata.uid === uid && uid !== next.uid && publishes(pod, address)) return { namespace, name, uid };
    }
    return undefined;
  }

  #upsertPod(pod: Pod): void {
    const key = `${namespaceOf(pod)}/${nameOf(pod)}`;
    const left = this.#left.get(key);
    if (left !== undefined && left === pod.metadata.uid) return;
    this.#left.delete(key);
    this.#engine.upsertPod(pod);
  }

  async #readNamespace(namespace: string): Promise<void> {
    const signal = AbortSignal.timeout(this.#readTimeoutMs);
    const [object, policies] = await Promise.all([
      this.#client.get<Namespace>(namespacesPath, namespace, { signal }),
      this.#policies.read(this.#client, namespace, signal),
    ]);
    for (const item of [object, ...policies.flatMap(({ items }) => items)]) recognized(item);
    this.#guarded(() => {
      this.#namespaces.offer(object);
      for (const { source, ...list } of policies) source.offerList(list);
    });
  }

  #makeNodes(): Source<Node> {
    const engine = this.#engine;
    return this.#make<Node>('nodes', {
      path: nodesPath,
      fields: nodePolicyFields,
      sink: { upsert: (node) => engine.upsertNode(node), remove: (_, name) => engine.deleteNode(name) },
    });
  }

  #makeAccounts(): Source<KubeObject> {
    const engine = this.#engine;
    return this.#make<KubeObject>('serviceaccounts', {
      path: serviceAccountsPath(),
      fields: serviceAccountPolicyFields,
      sink: {
        upsert: (account) => engine.upsertServiceAccount(account),
        remove: (namespace, name) => engine.deleteServiceAccount(namespace, name),
      },
    });
  }

  #make<T extends KubeObject>(kind: SourceKind, wiring: Omit<SourceWiring<T>, 'listener'>): Source<T> {
    const contact = this.#contactOf(kind);
    const listener = {
      arrived: () => this.#listener.arrived(),
      changed: (news?: KubeObject) => this.#listener.changed(kind, news),
      synced: () => {
        this.#engine.setInSync(kind);
        this.#unsynced--;
        if (this.#unsynced === 0) this.#listener.synced();
      },
      failed: (error: unknown) => {
        contact.failures++;
        this.#listener.failed(kind, error);
      },
      heard: () => {
        contact.heardAtMs = performance.now();
        this.#listener.heard(kind);
      },
    };
    return new Source<T>(this.#client, { ...wiring, listener });
  }

  #contactOf(kind: SourceKind): Contact {
    let contact = this.#contacts.get(kind);
    if (contact === undefined) this.#contacts.set(kind, (contact = { failures: 0, heardAtMs: Number.NaN }));
    return contact;
  }

  /** Outside of informers, whose handlers are guarded by `finished`. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#listener.onFault(error);
      throw error;
    }
  }
}

/** Whether the pod has the address for whoever reads it. */
function publishes(pod: Pod, address: Address): boolean {
  const { status } = pod;
  if (checkPodShape(pod).length > 0 || status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  return (status?.podIPs ?? []).some(({ ip }) => {
    const own = parseAddress(ip);
    return own !== undefined && compareAddresses(own, address) === 0;
  });
}

/** The object, when one can tell which it is; throws a TransportError for an answer that is none. */
function recognized<T extends KubeObject>(object: T): T {
  const problem = identityProblem(object);
  if (problem !== undefined) throw new TransportError('garbage', `the API server answered with an object that cannot be told: ${problem}`);
  return object;
}
