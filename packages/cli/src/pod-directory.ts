/** What the pods of a cluster are, for logs that tell their names alone. */
import { type KubeClient, podsPath } from '@weir/client';
import type { PodFacts } from '@weir/flows';
import type { FieldSelection, Pod } from '@weir/kube';

/** Pods are read again at most so often, in milliseconds. */
const readAgainMs = 2_000;
const fields: FieldSelection = { metadata: { labels: true, ownerReferences: true } };

/** Pods by `namespace/name`; those that are gone stay known. */
export class PodDirectory {
  readonly #client: KubeClient | undefined;
  readonly #pods = new Map<string, PodFacts>();
  #readAtMs = 0;

  /** Without a client nothing is known. */
  constructor(client: KubeClient | undefined) {
    this.#client = client;
  }

  /** Reads pods when one of these is not known; what cannot be read stays unknown. */
  async learn(pods: readonly string[]): Promise<void> {
    const client = this.#client;
    if (client === undefined || performance.now() < this.#readAtMs || pods.every((pod) => this.#pods.has(pod))) return;
    this.#readAtMs = performance.now() + readAgainMs;
    const list = await client.list<Pod>(podsPath(), { fields }).catch(() => undefined);
    for (const { metadata } of list?.items ?? []) this.#pods.set(`${metadata.namespace ?? ''}/${metadata.name ?? ''}`, factsOf(metadata));
  }

  /** What is known of one. */
  get(pod: string): PodFacts | undefined {
    return this.#pods.get(pod);
  }
}

function factsOf({ labels = {}, ownerReferences = [] }: Pod['metadata']): PodFacts {
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner === undefined) return { labels };
  const hash = labels['pod-template-hash'];
  const isDeployment = owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`);
  const workload = isDeployment
    ? { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) }
    : { kind: owner.kind, name: owner.name };
  return { labels, workload };
}
