/**
 * A cluster as `weir policy status` needs it: policies and their pods, nodes and the Leases of agents,
 * read once and followed from there.
 */
import type { AgentHearing, StatusView } from '@weir/analyze';
import {
  Informer,
  type InformerHandlers,
  type InformerOptions,
  type KubeClient,
  leasesPath,
  networkPoliciesPath,
  nodesPath,
  podsPath,
  type ResourcePath,
} from '@weir/client';
import {
  type AgentLease,
  agentLeaseNamespace,
  agentLeaseSelector,
  type FieldSelection,
  type KubeObject,
  type Lease,
  type NetworkPolicy,
  type Node,
  networkPolicyFields,
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

/** Follows one cluster. */
export class ClusterFollower {
  readonly #policies: Informer<NetworkPolicy>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #leases: Informer<Lease>;
  /** What agents say, by the name of their Lease, and when it was seen to change, on the monotonic clock. */
  readonly #agents = new Map<string, { readonly lease: AgentLease; readonly changedAtMs: number | undefined }>();
  #isComplete = false;
  #failure: unknown;
  #wake: () => void = () => undefined;

  /** Follows the policies and pods of one namespace, or of all. */
  constructor(client: KubeClient, namespace: string | undefined) {
    const follow = <T extends KubeObject>(
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
    this.#policies = follow(networkPoliciesPath(namespace), { fields: networkPolicyFields });
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
    const all = [this.#policies, this.#pods, this.#nodes, this.#leases];
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
    return { policies: this.#policies.list(), pods: this.#pods.list(), nodes: this.#nodes.list(), agents };
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
    await Promise.allSettled([this.#policies, this.#pods, this.#nodes, this.#leases].map((informer) => informer.stop()));
  }

  #heard(object: Lease): void {
    const lease = readAgentLease(object);
    const name = object.metadata.name ?? '';
    if (lease === undefined) this.#agents.delete(name);
    else this.#agents.set(name, { lease, changedAtMs: this.#isComplete ? performance.now() : undefined });
  }
}
