/**
 * A cluster as `weir policy status` needs it: policies and their pods, nodes and the Leases of agents,
 * read once and followed from there.
 */
import type { AgentHearing, KindPolicy, StatusView } from '@weir/analyze';
import {
  Informer,
  type InformerHandlers,
  type InformerOptions,
  isNotFound,
  type KubeClient,
  leasesPath,
  namespacesPath,
  nodesPath,
  podsPath,
  type ResourcePath,
} from '@weir/client';
import { type PolicyKind, policyCompilers } from '@weir/compile';
import {
  type AgentLease,
  agentLeaseNamespace,
  agentLeaseSelector,
  type FieldSelection,
  type KubeObject,
  type Lease,
  type Namespace,
  type Node,
  namespacePolicyFields,
  type Pod,
  podPolicyFields,
  readAgentLease,
} from '@weir/kube';

/** A silent agent is noticed after this time, in milliseconds, although nothing arrives. */
const lookAgainMs = 1_000;
/** What arrives together is looked at together, in milliseconds: thousands of nodes renew their Leases all the time. */
const gatherMs = 10;

/** Whether a node is ready. */
const readyFields: FieldSelection = { status: { conditions: { type: true, status: true } } };

/** What all informers have in common, whatever their objects. */
type AnyInformer = Pick<Informer<KubeObject>, 'start' | 'stop' | 'synced'>;

type Follow = <T extends KubeObject>(path: ResourcePath, options: InformerOptions, changes?: Partial<InformerHandlers<T>>) => Informer<T>;

/** Follows one cluster. */
export class ClusterFollower {
  readonly #client: KubeClient;
  readonly #namespace: string | undefined;
  readonly #follow: Follow;
  /** Those of the kinds that are installed; made at the start. */
  #policies: readonly { readonly kind: PolicyKind; readonly informer: Informer<KubeObject> }[] = [];
  readonly #namespaces: Informer<Namespace>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #leases: Informer<Lease>;
  /** What agents say, by the name of their Lease, and when it was seen to change, on the monotonic clock. */
  readonly #agents = new Map<string, { readonly lease: AgentLease; readonly changedAtMs: number | undefined }>();
  #isComplete = false;
  #failure: unknown;
  #wake: () => void = () => undefined;

  /** Follows the policies and pods of one namespace, or those of all and the policies of the cluster. */
  constructor(client: KubeClient, namespace: string | undefined) {
    this.#client = client;
    this.#namespace = namespace;
    const follow: Follow = <T extends KubeObject>(
      path: ResourcePath,
      options: InformerOptions,
      changes: Partial<InformerHandlers<T>> = {},
    ): Informer<T> =>
      new Informer<T>(
        client,
        path,
        {
          upsert: (object) => {
            changes.upsert?.(object);
            this.#wake();
          },
          remove: (object) => {
            changes.remove?.(object);
            this.#wake();
          },
        },
        {
          ...options,
          onError: (error) => {
            this.#failure ??= error;
            this.#wake();
          },
        },
      );
    this.#follow = follow;
    this.#namespaces = follow(namespacesPath, { fields: namespacePolicyFields });
    this.#pods = follow(podsPath(namespace), { fields: podPolicyFields });
    this.#nodes = follow(nodesPath, { fields: readyFields });
    this.#leases = follow<Lease>(
      leasesPath(agentLeaseNamespace),
      { labelSelector: agentLeaseSelector },
      { upsert: (lease) => this.#heard(lease), remove: ({ metadata }) => void this.#agents.delete(metadata.name ?? '') },
    );
  }

  /** Reads everything once; throws what the client throws when that is not possible. */
  async start(): Promise<void> {
    const kinds = policyCompilers
      .flatMap(({ policyKinds }) => policyKinds)
      .filter(({ namespaced, holds }) => holds !== 'settings' && (namespaced || this.#namespace === undefined));
    const installed = await Promise.all(kinds.map((kind) => this.#isInstalled(kind)));
    this.#policies = kinds
      .filter((_, i) => installed[i])
      .map((kind) => ({ kind, informer: this.#follow<KubeObject>(this.#pathOf(kind), { fields: kind.fields ?? true }) }));
    const all = this.#informers();
    const failed = new Promise<never>((_, reject) => {
      this.#wake = () => {
        if (this.#failure !== undefined) reject(this.#failure);
      };
    });
    for (const informer of all) informer.start();
    await Promise.race([failed, Promise.all(all.map(({ synced }) => synced))]);
    this.#isComplete = true;
  }

  /** What is known now. */
  view(): StatusView {
    const nowMs = Date.now();
    const agents = [...this.#agents.values()].map(
      ({ lease, changedAtMs }): AgentHearing => ({
        lease,
        nowMs,
        ...(changedAtMs === undefined ? {} : { sinceChangeMs: performance.now() - changedAtMs }),
      }),
    );
    return {
      policies: this.#policies.flatMap(({ kind, informer }) => informer.list().map((object): KindPolicy => ({ kind, object }))),
      pods: this.#pods.list(),
      namespaces: this.#namespaces.list(),
      nodes: this.#nodes.list(),
      agents,
    };
  }

  /** Resolves when something may be different, or when `signal` is aborted. */
  async changed(signal: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const wake = (): void => this.#wake();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, lookAgainMs);
      signal.addEventListener('abort', wake, { once: true });
      if (signal.aborted) resolve();
    });
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, gatherMs));
  }

  /** Stops following. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#informers().map((informer) => informer.stop()));
  }

  #informers(): readonly AnyInformer[] {
    return [...this.#policies.map(({ informer }) => informer), this.#pods, this.#namespaces, this.#nodes, this.#leases];
  }

  #pathOf({ group, versions: [version = ''], plural, namespaced }: PolicyKind): ResourcePath {
    const path = { group, version, resource: plural };
    return namespaced && this.#namespace !== undefined ? { ...path, namespace: this.#namespace } : path;
  }

  async #isInstalled(kind: PolicyKind): Promise<boolean> {
    if (kind.isBuiltIn === true) return true;
    try {
      await this.#client.list(this.#pathOf(kind), { limit: 1 });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  #heard(object: Lease): void {
    const lease = readAgentLease(object);
    const name = object.metadata.name ?? '';
    if (lease === undefined) this.#agents.delete(name);
    else this.#agents.set(name, { lease, changedAtMs: this.#isComplete ? performance.now() : undefined });
  }
}
