/**
 * How long `weir migrate` computes: run with `npm run bench:migrate [-- PODS POLICIES]` after a build.
 *
 * A cluster of 100 nodes and 50 namespaces, each pod with one of twenty apps; every policy has both
 * directions, selectors of pods and namespaces, ranges of ports, and a block over the addresses of all pods,
 * so that every policy loses flows from azure to cilium and gets a patch. Everything is compared twice: as
 * it is, and with the patches.
 */
import { planMigration } from '@weir/analyze';
import type { KubeObject } from '@weir/kube';

const [pods = 5_000, policies = 500] = process.argv.slice(2).map(Number);
const [namespaces, nodes, apps] = [50, 100, 20];

const addressOf = (pod: number): string => `10.225.${pod % nodes}.${Math.floor(pod / nodes) + 2}`;
const appOf = (index: number): string => `app-${Math.floor(index / namespaces) % apps}`;

function pod(index: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${index}`,
      namespace: `ns-${index % namespaces}`,
      uid: `uid-${index}`,
      labels: { app: appOf(index), tier: index % 2 === 0 ? 'front' : 'back' },
    },
    spec: {
      nodeName: `node-${index % nodes}`,
      containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80 + (index % 3), name: 'http' }] }],
    },
    status: { phase: 'Running', podIPs: [{ ip: addressOf(index) }] },
  } as KubeObject;
}

function policy(index: number): KubeObject {
  const from = [
    { podSelector: { matchLabels: { app: `app-${(index + 1) % apps}` } } },
    { namespaceSelector: { matchLabels: { team: `team-${index % 7}` } } },
  ];
  const spec = {
    podSelector: { matchLabels: { app: appOf(index) } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from, ports: [{ port: 80 }, { port: 8_000 + (index % 50), endPort: 8_100 }] }],
    egress: [
      {
        to: [{ ipBlock: { cidr: '10.0.0.0/8', except: [`10.225.${index % nodes}.0/24`] } }],
        ports: [{ port: 443 }, { port: 80 + (index % 3) }],
      },
      { to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] },
    ],
  };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `policy-${index}`, namespace: `ns-${index % namespaces}` },
    spec,
  } as KubeObject;
}

const numbered = (count: number, make: (index: number) => KubeObject): KubeObject[] =>
  Array.from({ length: count }, (_, index) => make(index));
const objects = [
  ...numbered(namespaces, (i) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: `ns-${i}`, labels: { team: `team-${i % 7}` } },
  })),
  ...numbered(
    nodes,
    (i) =>
      ({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: `node-${i}` },
        status: { addresses: [{ type: 'InternalIP', address: `10.224.0.${i + 4}` }] },
      }) as KubeObject,
  ),
  ...numbered(pods, pod),
  ...numbered(policies, policy),
];
const processor = process.cpuUsage();
const startedMs = performance.now();
const report = planMigration({ objects, from: 'azure', to: 'cilium' });
const wallSeconds = (performance.now() - startedMs) / 1_000;
const { user, system } = process.cpuUsage(processor);
process.stdout.write(
  `${pods} pods, ${policies} policies: ${wallSeconds.toFixed(1)} s, processor ${((user + system) / 1e6).toFixed(1)} s, ${Math.round(process.memoryUsage.rss() / 1e6)} MB\n` +
    `${report.objects.length} policies change, ${report.pairs.lost} pairs lose traffic, ${report.afterPatches?.pairs.lost ?? 0} with the patches\n`,
);
