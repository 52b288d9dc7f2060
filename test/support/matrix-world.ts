/**
 * A cluster's worth of pods and policies for the matrix: four namespaces that differ in what isolates
 * their pods, so that about half of all flows are denied, at either end.
 */

/** The port that every pod serves, and one that no pod serves and that the policies allow or deny as well. */
export const matrixPorts = { served: 8080, unserved: 9090 } as const;

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.47';
const namespaces = ['open', 'closed', 'picky', 'inward'] as const;
const apps = ['a', 'b', 'c', 'd', 'e'] as const;

/** The manifest, as JSON for `kubectl apply`. */
export function matrixWorld(pods: number): string {
  const items = [
    ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...policies,
    ...Array.from({ length: pods }, (_, index) => podAt(index)),
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** The namespaces as options of `weir matrix`. */
export const matrixNamespaceOptions: readonly string[] = namespaces.flatMap((name) => ['--namespace', name]);

function podAt(index: number): object {
  const namespace = namespaces[index % namespaces.length];
  const app = apps[Math.floor(index / namespaces.length) % apps.length];
  const args = ['serve-hostname', '--http=false', '--tcp', `--port=${matrixPorts.served}`];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace, labels: { app } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'agnhost', image, args, ports: [{ containerPort: matrixPorts.served }] }],
    },
  };
}

function policy(namespace: string, name: string, spec: object): object {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec };
}

const policies: readonly object[] = [
  policy('closed', 'deny-all', { podSelector: {}, policyTypes: ['Ingress'] }),
  policy('picky', 'served-port-from-a', {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [
      { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'a' } } }], ports: [{ port: matrixPorts.served }] },
      { from: [{ podSelector: { matchLabels: { app: 'b' } } }] },
    ],
  }),
  policy('inward', 'stay-inside', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] }),
];
