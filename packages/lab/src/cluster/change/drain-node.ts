/**
 * A node is drained as `kubectl drain` and AKS do it: no pod is scheduled on it any more, and those that it has are
 * evicted, which disruption budgets may forbid. Pods of DaemonSets stay: their controllers would put them back at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, isNotFound, type KubeClient, nodesPath, podsPath } from '@weir/client';
import type { KubeObject, Node, Pod } from '@weir/kube';
import { tolerates } from '../../scheduler/node-fit.ts';
import { ClusterError } from '../cluster-error.ts';

/** Which node, and how patiently. */
export interface Drain {
  readonly node: string;
  /** For how long pods are asked to go, in milliseconds. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Told once of each pod that a budget keeps. */
  readonly onBlocked: (pod: string) => void;
}

/** On a node that a change of the cluster has cordoned, so that it can be told from one that a person has. */
const cordonMark = 'weir.local/drained-by';
const cordonHolder = 'cluster-change';

const cordonTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

const lookMs = 100;
const evictAgainMs = 1_000;

/** Resolves when no pod is left but those of DaemonSets. Throws a {@link ClusterError} that names the pods which stay. */
export async function drainNode(client: KubeClient, drain: Drain): Promise<void> {
  const { node, limitMs, signal, onBlocked } = drain;
  if (!(await cordon(client, node))) return;
  const blocked = new Map<string, string>();
  const askedAt = new Map<string, number>();
  let first: ReadonlySet<string | undefined> | undefined;
  for (const deadline = Date.now() + limitMs; ; await sleep(lookMs, undefined, { signal })) {
    const { items } = await client.list<Pod>(podsPath(), { fieldSelector: `spec.nodeName=${node}` });
    first ??= new Set(items.map(({ metadata }) => metadata.uid));
    const staying = items.filter((pod) => !stays(pod) && (first?.has(pod.metadata.uid) === true || !toleratesCordon(pod)));
    if (staying.length === 0) return;
    if (Date.now() > deadline) throw notDrained(node, staying, blocked);
    const due = staying.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && (askedAt.get(metadata.uid ?? '') ?? 0) + evictAgainMs < Date.now(),
    );
    for (const { metadata } of due) askedAt.set(metadata.uid ?? '', Date.now());
    await Promise.all(
      due.map(async (pod) => {
        const refusal = await evict(client, pod);
        if (refusal === undefined) return;
        if (!blocked.has(keyOf(pod))) onBlocked(pod.metadata.name ?? '');
        blocked.set(keyOf(pod), refusal);
      }),
    );
  }
}

/** Lets pods onto a node again that a change has cordoned. One that a person has cordoned stays so. */
export async function uncordonNode(client: KubeClient, { metadata }: Node): Promise<void> {
  if (metadata.annotations?.[cordonMark] !== cordonHolder) return;
  const patch = { metadata: { annotations: { [cordonMark]: null } }, spec: { unschedulable: null } };
  await client.patch(nodesPath, metadata.name ?? '', patch, { type: 'merge' }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** Whether there is such a node. */
async function cordon(client: KubeClient, name: string): Promise<boolean> {
  const node = await client.get<Node>(nodesPath, name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (node === undefined) return false;
  if (node.spec?.unschedulable === true) return true;
  const patch = { metadata: { annotations: { [cordonMark]: cordonHolder } }, spec: { unschedulable: true } };
  await client.patch(nodesPath, name, patch, { type: 'merge' });
  return true;
}

/** Undefined when the pod goes; otherwise why it does not yet. */
async function evict(client: KubeClient, { metadata }: Pod): Promise<string | undefined> {
  const { name = '', namespace = '', uid } = metadata;
  const eviction: KubeObject & { readonly deleteOptions: object } = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: uid === undefined ? {} : { preconditions: { uid } },
  };
  try {
    await client.create(podsPath(namespace), eviction, { subresource: 'eviction', name });
    return undefined;
  } catch (error) {
    // Gone, or another one of its name.
    if (isNotFound(error) || (error instanceof ApiError && error.code === 409)) return undefined;
    // Forbidden by a budget, or by more than one.
    if (error instanceof ApiError && (error.code === 429 || error.code === 500)) return reasonOf(error);
    throw error;
  }
}

function reasonOf({ message, status }: ApiError): string {
  return status.details?.causes?.[0]?.message ?? message;
}

/** Such a pod is put back on the node at once; it has been asked to go once, and ends with the node. */
function toleratesCordon({ spec }: Pod): boolean {
  return tolerates(spec?.tolerations ?? [], cordonTaint);
}

function stays({ metadata }: Pod): boolean {
  if (metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return true;
  return metadata.ownerReferences?.some(({ kind, controller }) => kind === 'DaemonSet' && controller === true) === true;
}

function notDrained(node: string, staying: readonly Pod[], blocked: ReadonlyMap<string, string>): ClusterError {
  const lines = staying.map((pod) => {
    const why = blocked.get(keyOf(pod)) ?? (pod.metadata.deletionTimestamp === undefined ? 'not evicted yet' : 'still ending');
    return `pod ${keyOf(pod)} on node ${node}: ${why}`;
  });
  return new ClusterError(
    'undrained',
    `Drain of ${node} did not complete: ${lines.join('; ')}. Correct the disruption budget, or delete the pod, and run the command again. See http://aka.ms/aks/debugdrainfailures`,
  );
}

function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
