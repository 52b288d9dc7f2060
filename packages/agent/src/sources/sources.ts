/**
 * Brings the cluster's objects into the engine: informers, and consistent reads for the start gate.
 *
 * A pod that starts must meet the rules of its moment, so the gate does not trust the informers, which
 * may lag: it reads the pod, its namespace and the namespace's policies anew, deletions included.
 */
import type { Engine, Source as EngineSource, OwningPod } from '@weir/calc';
import { type KubeClient, namespacesPath, networkPoliciesPath, nodesPath, podsPath, TransportError } from '@weir/client';
import {
  checkPodShape,
  identityProblem,
  type KubeObject,
  type Namespace,
  type NetworkPolicy,
  type Node,
  namespacePolicyFields,
  networkPolicyFields,
  nodePolicyFields,
  type Pod,
  podPolicyFields,
} from '@weir/kube';
import { type Address, compareAddresses, parseAddress } from '@weir/net';
import { SharedReads } from './shared-reads.ts';
import { nameOf, namespaceOf, type Sink, Source, type SourceWiring } from './source.ts';

/** The kinds that the engine reads, named as its sync gate names them. */
export type SourceKind = EngineSource;

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

/** Where each kind is read, and what is kept of its objects. */
const resources: Readonly<Record<SourceKind, Pick<SourceWiring<KubeObject>, 'path' | 'fields'>>> = {
  pods: { path: podsPath(), fields: podPolicyFields },
  namespaces: { path: namespacesPath, fields: namespacePolicyFields },
  networkPolicies: { path: networkPoliciesPath(), fields: networkPolicyFields },
  nodes: { path: nodesPath, fields: nodePolicyFields },
};

/** The informers of one agent. */
export class Sources {
  readonly #client: KubeClient;
  readonly #engine: Engine;
  readonly #listener: SourcesListener;
  readonly #readTimeoutMs: number;
  readonly #namespaces: Source<Namespace>;
  readonly #policies: Source<NetworkPolicy>;
  readonly #pods: Source<Pod>;
  /** Undefined where verdicts do not depend on nodes. */
  readonly #nodes: Source<Node> | undefined;
  readonly #namespaceReads = new SharedReads((namespace) => this.#readNamespace(namespace));
  /** Pods that have left the node although the API still lists them, by namespace and name: their uids. */
  readonly #left = new Map<string, string>();
  readonly #contacts: Readonly<Record<SourceKind, { failures: number; heardAtMs: number }>> = {
    pods: { failures: 0, heardAtMs: Number.NaN },
    namespaces: { failures: 0, heardAtMs: Number.NaN },
    networkPolicies: { failures: 0, heardAtMs: Number.NaN },
    nodes: { failures: 0, heardAtMs: Number.NaN },
  };
  #unsynced: number;

  constructor(options: SourcesOptions) {
    const { engine } = options;
    this.#unsynced = engine.sources.length;
    this.#client = options.client;
    this.#engine = engine;
    this.#listener = options.listener;
    this.#readTimeoutMs = options.readTimeoutMs;
    this.#namespaces = this.#make<Namespace>('namespaces', {
      upsert: (namespace) => engine.upsertNamespace(namespace),
      remove: (_, name) => engine.deleteNamespace(name),
    });
    this.#policies = this.#make<NetworkPolicy>('networkPolicies', {
      upsert: (policy) => engine.upsertNetworkPolicy(policy),
      remove: (namespace, name) => engine.deleteNetworkPolicy(namespace, name),
    });
    this.#pods = this.#make<Pod>('pods', {
      upsert: (pod) => this.#upsertPod(pod),
      remove: (namespace, name) => {
        this.#left.delete(`${namespace}/${name}`);
        engine.deletePod(namespace, name);
      },
    });
    if (engine.sources.includes('nodes')) {
      this.#nodes = this.#make<Node>('nodes', {
        upsert: (node) => engine.upsertNode(node),
        remove: (_, name) => engine.deleteNode(name),
      });
    }
  }

  /** Starts following. */
  start(): void {
    for (const { informer } of this.#all()) {
      informer.start();
      informer.finished.catch((error: unknown) => this.#listener.onFault(error));
    }
  }

  /** Stops following; the engine keeps what it knows. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#all().map(({ informer }) => informer.stop()));
  }

  /** Whether every kind has been listed once. */
  get synced(): boolean {
    return this.#unsynced === 0;
  }

  /** Whether the last thing heard of the API server was good, for every kind. */
  get connected(): boolean {
    return this.#all().every(({ informer }) => informer.connected);
  }

  /** How each kind gets on with the API server. */
  contacts(): readonly SourceContact[] {
    const informers = {
      pods: this.#pods.informer,
      namespaces: this.#namespaces.informer,
      networkPolicies: this.#policies.informer,
      nodes: this.#nodes?.informer,
    };
    return this.#engine.sources.flatMap((kind) => {
      const { failures, heardAtMs } = this.#contacts[kind];
      const informer = informers[kind];
      if (informer === undefined) return [];
      const { connected, watches } = informer;
      return { kind, connected, watches, failures, silentMs: performance.now() - heardAtMs };
    });
  }

  /** The resourceVersion up to which the engine knows the policies. */
  get policyVersion(): string | undefined {
    return this.#policies.informer.lastResourceVersion;
  }

  /** The uid of a policy as the informer knows it. */
  policyUid(namespace: string, name: string): string | undefined {
    return this.#policies.get(namespace, name)?.metadata.uid;
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
      this.#client.list<NetworkPolicy>(networkPoliciesPath(namespace), { signal }),
    ]);
    for (const item of [object, ...policies.items]) recognized(item);
    this.#guarded(() => {
      this.#namespaces.offer(object);
      this.#policies.offerList({ namespace, items: policies.items, resourceVersion: policies.metadata.resourceVersion });
    });
  }

  #make<T extends KubeObject>(kind: SourceKind, sink: Sink<T>): Source<T> {
    const contact = this.#contacts[kind];
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
    return new Source<T>(this.#client, { ...resources[kind], sink, listener });
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

  #all(): readonly {
    readonly informer:
      | Source<Namespace>['informer']
      | Source<NetworkPolicy>['informer']
      | Source<Pod>['informer']
      | Source<Node>['informer'];
  }[] {
    return [this.#namespaces, this.#policies, this.#pods, ...(this.#nodes === undefined ? [] : [this.#nodes])];
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
