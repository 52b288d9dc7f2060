/** A cluster of a few workloads, and flows that somebody saw in it. */
import type { ObservedEnd, ObservedFlow } from '@weir/flows';
import type { KubeObject } from '@weir/kube';
import { defined, parseAddress, protocolNumber } from '@weir/net';
import { Random } from '@weir/testkit';

type Json = Readonly<Record<string, unknown>>;

const address = (text: string): NonNullable<ReturnType<typeof parseAddress>> => defined(parseAddress(text), 'this is an address');

/** A pod with its labels, by its place in the list of pods. */
interface WorldPod {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly node: string;
}

/** What a test needs. */
export interface ObservedWorld {
  readonly objects: readonly KubeObject[];
  readonly flows: readonly ObservedFlow[];
}

/** A random cluster: labels that do and do not tell workloads apart, pods that come and go, and random flows. */
export function observedWorld(seed: number): ObservedWorld {
  const random = new Random(seed);
  const objects: (KubeObject & Json)[] = [
    ...['n1', 'n2'].map((name, i) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${i + 1}` }] },
    })),
    ...['shop', 'pay'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    })),
  ];
  // The API server is on the first node, or somewhere else, or nobody knows.
  const apiServer = ['192.168.0.1', '203.0.113.1'][seed % 3];
  if (apiServer !== undefined)
    objects.push({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'default', name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [apiServer] }],
    });
  const pods: WorldPod[] = [];
  for (const namespace of ['shop', 'pay']) {
    for (const workload of random.sample(['web', 'api', 'db', 'job'], random.integer(2, 4))) {
      const labels = random.pick<Json>([
        { app: workload },
        { app: 'shared', tier: workload },
        { app: 'shared', ...(workload === 'web' ? {} : { tier: 'back' }), version: random.pick(['v1', 'v2']) },
        { 'app.kubernetes.io/name': workload, 'app.kubernetes.io/instance': 'one' },
      ]);
      for (let i = 0; i < random.integer(1, 3); i++) {
        const pod = {
          namespace,
          name: `${workload}-6d8f9-abcd${i}`,
          ip: `10.0.${namespace === 'shop' ? 0 : 1}.${pods.length + 1}`,
          node: random.pick(['n1', 'n2']),
        };
        pods.push(pod);
        objects.push({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            namespace,
            name: pod.name,
            uid: `${namespace}-${pod.name}`,
            labels: { ...labels, 'pod-template-hash': '6d8f9' },
            ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${workload}-6d8f9`, uid: workload, controller: true }],
          },
          spec: { nodeName: pod.node, containers: [{ name: 'c', image: 'x' }] },
          status: { podIP: pod.ip, phase: 'Running' },
        });
      }
    }
  }
  return { objects, flows: random.times(random.integer(5, 40), (i) => randomFlow(random, pods, i)) };
}

function randomFlow(random: Random, pods: readonly WorldPod[], i: number): ObservedFlow {
  const podEnd = (): ObservedEnd => {
    const pod = random.pick(pods);
    return { namespace: pod.namespace, pod: pod.name, address: address(pod.ip) };
  };
  const other = (): ObservedEnd =>
    random.pick<ObservedEnd>([
      podEnd(),
      podEnd(),
      { address: address(`203.0.113.${random.integer(1, 5)}`) },
      { address: address(`192.168.0.${random.integer(1, 2)}`) },
    ]);
  const [source, destination] = random.chance(0.5) ? [podEnd(), other()] : [other(), podEnd()];
  const protocol = random.pick([protocolNumber.TCP, protocolNumber.UDP]);
  const verdict = random.chance(0.85) ? 'allow' : 'deny';
  return {
    format: 'weir',
    time: `2026-01-31T12:00:${String(i).padStart(2, '0')}.000Z`,
    node: 'n1',
    verdict,
    source: { ...source, port: random.integer(32_768, 60_000) },
    destination: { ...destination, port: random.pick([53, 80, 443, 5432, 40_000]) },
    protocol,
    ingress: { verdict, reason: 'other', policies: [] },
    isReply: false,
    count: random.integer(1, 3),
  };
}
