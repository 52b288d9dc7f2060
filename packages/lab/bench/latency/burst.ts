/** Many pod events at once: how many transactions they cost, and how soon all are in force. */
import { setTimeout as sleep } from 'node:timers/promises';
import { networkPoliciesPath, podsPath } from '@weir/client';
import type { NetworkPolicy, Pod } from '@weir/kube';
import type { Bench } from './measure.ts';
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
/** After this time without a transaction nothing more is coming. */
const quietMs = 1_000;

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
  await sleep(quietMs);
  trace.refresh();
  const transactions: Record<string, number> = {};
  let lastApplied = 0;
  for (const { node, appliedAt } of trace.transactions.slice(before)) {
    transactions[node] = (transactions[node] ?? 0) + 1;
    lastApplied = Math.max(lastApplied, appliedAt);
  }
  const writes = trace.writes.slice(writesBefore).filter(({ keys }) => keys.some((key) => key.startsWith('pods/fake-')));
  const firstBegun = Math.min(...writes.map(({ begunAt }) => begunAt));
  const lastCommitted = Math.max(...writes.map(({ committedAt }) => committedAt));
  return {
    events: writes.length,
    writingMs: (lastCommitted - firstBegun) / 1e6,
    inForceMs: (lastApplied - lastCommitted) / 1e6,
    transactions,
  };
}
