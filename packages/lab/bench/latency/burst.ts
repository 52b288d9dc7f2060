/** Many pod events at once: how many transactions they cost, and how soon all are in force. */
import { setTimeout as sleep } from 'node:timers/promises';
import { networkPoliciesPath, podsPath } from '@weir/client';
import type { NetworkPolicy, Pod } from '@weir/kube';
import type { Bench } from './measure.ts';
import type { TraceLog } from './trace-log.ts';
import { servers } from './workload.ts';

/** What a burst came to. */
export interface BurstResult {
  readonly events: number;
  /** From the first request to the last commit, in milliseconds. */
  readonly writingMs: number;
  /** From the last commit to the last transaction, at the slowest agent, in milliseconds. */
  readonly inForceMs: number;
  /** Transactions of each agent, by node. */
  readonly transactions: Readonly<Record<string, number>>;
}

const label = 'burst';
/** Requests under way at the same time. */
const concurrency = 32;
/** What the policy itself changes has settled after this time. */
const quietMs = 1_000;
const timeoutMs = 60_000;

/** A policy of the servers that makes every event matter. */
const policy: NetworkPolicy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: label, namespace: servers },
  spec: {
    podSelector: { matchLabels: { app: 'server' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { [label]: 'on' } } }] }],
  },
};

/** Labels fake pods, as fast as the API server takes it, so that each becomes a peer of all servers. */
export async function measureBurst({ cluster, prober, trace, datagramsPerSecond }: Bench, events: number): Promise<BurstResult> {
  const { client } = cluster;
  prober.send([], datagramsPerSecond);
  const { items } = await client.list<Pod>(podsPath(), { labelSelector: 'weir.local/fake=true', limit: events });
  await client.create(networkPoliciesPath(servers), policy);
  await sleep(quietMs);
  trace.refresh();
  const before = trace.transactions.length;
  const writesBefore = trace.writes.length;
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let pod = items[next++]; pod !== undefined; pod = items[next++]) {
      const { namespace, name = '' } = pod.metadata;
      await client.patch(podsPath(namespace), name, { metadata: { labels: { [label]: 'on' } } }, { type: 'merge' });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const nodes = new Set(trace.transactions.map(({ node }) => node));
  for (const deadline = Date.now() + timeoutMs; ; await sleep(20)) {
    trace.refresh();
    const result = resultOf(trace, { transactions: before, writes: writesBefore }, nodes);
    if (result.events === items.length && result.isComplete) return result;
    if (Date.now() > deadline) throw new Error(`after ${timeoutMs} ms not every agent has the burst in force`);
  }
}

/** What has been recorded since the marks; complete when the last event has reached every agent's kernel. */
function resultOf(
  trace: TraceLog,
  since: { readonly transactions: number; readonly writes: number },
  nodes: ReadonlySet<string>,
): BurstResult & { readonly isComplete: boolean } {
  const writes = trace.writes.slice(since.writes).filter(({ keys }) => keys.some((key) => key.startsWith('pods/fake-')));
  const firstBegun = Math.min(...writes.map(({ begunAt }) => begunAt));
  const lastCommitted = Math.max(...writes.map(({ committedAt }) => committedAt));
  const transactions: Record<string, number> = {};
  const done = new Set<string>();
  let lastApplied = 0;
  for (const { node, flushingAt, appliedAt } of trace.transactions.slice(since.transactions)) {
    transactions[node] = (transactions[node] ?? 0) + 1;
    lastApplied = Math.max(lastApplied, appliedAt);
    // An event reaches an agent after its commit, and the transaction that takes it begins after that.
    if (flushingAt > lastCommitted) done.add(node);
  }
  return {
    events: writes.length,
    writingMs: (lastCommitted - firstBegun) / 1e6,
    inForceMs: (lastApplied - lastCommitted) / 1e6,
    transactions,
    isComplete: done.size === nodes.size,
  };
}
