/**
 * The real part of the cluster: pods with a network of their own under policies that depend on labels
 * of pods and namespaces, whose rules also hold all fake pods of one tier.
 *
 * ```
 *   bench-clients/client (and visitors)  ──UDP 7000──▶  bench-servers/server-0 … 49 on all nodes
 *   NetworkPolicy gate: to app=server from role=client in namespaces with access=granted, port UDP/7000
 *   NetworkPolicy crowd: to app=server from all fake pods of the tier web
 * ```
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type KubeClient, namespacesPath, networkPoliciesPath, podsPath } from '@weir/client';
import type { NetworkPolicy, Pod } from '@weir/kube';
import { podNetnsName } from '../../src/index.ts';
import type { Lane } from './prober-protocol.ts';

/** The namespaces of the real pods. */
export const clients = 'bench-clients';
export const servers = 'bench-servers';

/** Where servers are sent datagrams, and another port. */
export const openPort = 7000;
export const otherPort = 7001;

const image = 'k8s.gcr.io/e2e-test-images/agnhost:2.33';
const startTimeoutMs = 120_000;

/** A pod that runs. */
export interface RunningPod {
  readonly name: string;
  readonly node: string;
  readonly netns: string;
  readonly address: string;
}

/** The policy whose allowance is measured. */
export function gatePolicy(port: number): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'gate', namespace: servers },
    spec: {
      podSelector: { matchLabels: { app: 'server' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { access: 'granted' } }, podSelector: { matchLabels: { role: 'client' } } }],
          ports: [{ protocol: 'UDP', port }],
        },
      ],
    },
  };
}

const crowdPolicy: NetworkPolicy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'crowd', namespace: servers },
  spec: {
    podSelector: { matchLabels: { app: 'server' } },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: { 'weir.local/fake': 'true' } }, podSelector: { matchLabels: { tier: 'web' } } }],
        ports: [{ protocol: 'TCP', port: 80 }],
      },
    ],
  },
};

/** A pod whose program only waits: its sockets are the prober's. */
export function idlePod(namespace: string, name: string, labels: Readonly<Record<string, string>>): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image, args: ['pause'] }] },
  };
}

/** Makes namespaces, policies, servers and the client; resolves when all pods run. */
export async function makeWorkload(
  client: KubeClient,
  cluster: string,
  serverCount: number,
): Promise<{ readonly client: RunningPod; readonly servers: readonly RunningPod[] }> {
  const namespace = (name: string, labels: Readonly<Record<string, string>>): object => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });
  await client.create(namespacesPath, namespace(clients, { access: 'granted' }) as Pod);
  await client.create(namespacesPath, namespace(servers, {}) as Pod);
  for (const policy of [gatePolicy(openPort), crowdPolicy]) await client.create(networkPoliciesPath(servers), policy);
  await client.create(podsPath(clients), idlePod(clients, 'client', { role: 'client' }));
  for (let i = 0; i < serverCount; i++) {
    await client.create(podsPath(servers), idlePod(servers, `server-${i}`, { app: 'server', shard: `shard-${i % 10}` }));
  }
  const [first] = await waitForPods(client, cluster, { namespace: clients, count: 1 });
  if (first === undefined) throw new Error('there is no client');
  return { client: first, servers: await waitForPods(client, cluster, { namespace: servers, count: serverCount }) };
}

/** Ways from a pod to all servers. */
export function lanesFrom(netns: string, targets: readonly RunningPod[]): readonly Lane[] {
  return targets.map(({ netns: to, address }) => ({ from: netns, to, address, port: openPort }));
}

async function waitForPods(
  client: KubeClient,
  cluster: string,
  { namespace, count }: { readonly namespace: string; readonly count: number },
): Promise<readonly RunningPod[]> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const { items } = await client.list<Pod>(podsPath(namespace));
    const running = items.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    if (running.length === count) {
      return running.map(({ metadata, spec, status }) => ({
        name: metadata.name ?? '',
        node: spec?.nodeName ?? '',
        netns: podNetnsName(cluster, metadata.uid ?? ''),
        address: status?.podIP ?? '',
      }));
    }
    if (Date.now() > deadline) throw new Error(`only ${running.length} of ${count} pods in ${namespace} run`);
    await sleep(100);
  }
}
