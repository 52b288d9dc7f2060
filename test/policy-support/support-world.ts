/**
 * The cluster in which every case is tried: two nodes, pods in two namespaces, hosts outside, and what policies refer to.
 *
 *   n1: server, a (shop), c (other)      n2: b (shop)      outside: ext, far
 *
 * Policies are enforced on n1 alone; every case is about pods there.
 */
import { type KubeObject, type Namespace, type Node, type Pod, parseManifest } from '@weir/kube';
import type { World } from '@weir/testkit';

const parsed = new Map<string, readonly KubeObject[]>();

/** Ends of flows; those outside are addresses that a packet network always has. */
export const endAddresses = {
  server: { 4: '10.224.1.10', 6: 'fd00:224:1::a' },
  a: { 4: '10.224.1.11', 6: 'fd00:224:1::b' },
  b: { 4: '10.224.2.12', 6: 'fd00:224:2::c' },
  c: { 4: '10.224.1.13', 6: 'fd00:224:1::d' },
  n1: { 4: '10.224.0.4', 6: 'fd00:224::4' },
  n2: { 4: '10.224.0.5', 6: 'fd00:224::5' },
  ext: { 4: '203.0.113.10', 6: '2001:db8::10' },
  far: { 4: '203.0.113.77', 6: '2001:db8:1::1' },
} as const;

/** The name of an end. */
export type EndName = keyof typeof endAddresses;

/** Whether there is such an end. */
export function isEndName(name: string): name is EndName {
  return Object.hasOwn(endAddresses, name);
}

/** The node whose policies are enforced. */
export const enforcingNode = 'n1';

interface PodText {
  readonly name: 'server' | 'a' | 'b' | 'c';
  readonly namespace: string;
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly account: string;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly protocol: 'TCP' | 'UDP' | 'SCTP' }[];
}

const podTexts: readonly PodText[] = [
  {
    name: 'server',
    namespace: 'shop',
    node: 'n1',
    labels: { app: 'server', level: 'back' },
    account: 'keeper',
    ports: [
      { name: 'web', containerPort: 80, protocol: 'TCP' },
      { name: 'stats', containerPort: 81, protocol: 'UDP' },
      { name: 'signal', containerPort: 443, protocol: 'SCTP' },
    ],
  },
  { name: 'a', namespace: 'shop', node: 'n1', labels: { app: 'a', level: 'front' }, account: 'till' },
  { name: 'b', namespace: 'shop', node: 'n2', labels: { app: 'b', level: 'middle' }, account: 'default' },
  {
    name: 'c',
    namespace: 'other',
    node: 'n1',
    labels: { app: 'c' },
    account: 'default',
    ports: [{ name: 'web', containerPort: 8080, protocol: 'TCP' }],
  },
];

function pod({ name, namespace, node, labels, account, ports = [] }: PodText): Pod {
  const { 4: four, 6: six } = endAddresses[name];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: `pod-${name}`, labels },
    spec: { nodeName: node, serviceAccountName: account, containers: [{ name: 'c', ports }] },
    status: { phase: 'Running', podIP: four, podIPs: [{ ip: four }, { ip: six }] },
  };
}

function node(name: 'n1' | 'n2', zone: string): Node {
  const { 4: four, 6: six } = endAddresses[name];
  const addresses = [four, six].map((address) => ({ type: 'InternalIP', address }) as const);
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { zone } }, status: { addresses } };
}

function namespace(name: string, team: string): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'kubernetes.io/metadata.name': name, team } } };
}

/** Namespaces, pods and nodes. */
export const supportWorld: World & { readonly nodes: readonly Node[] } = {
  namespaces: [namespace('shop', 'red'), namespace('other', 'blue')],
  pods: podTexts.map(pod),
  nodes: [node('n1', 'near'), node('n2', 'away')],
  networkPolicies: [],
};

/** Names of the domain name system as pods have asked for them, with what they were told. */
export const domainAnswers: Readonly<Record<string, readonly EndName[]>> = {
  'www.example.org': ['ext'],
  'deep.www.example.org': ['far'],
};

const slice = (namespaceOf: string, service: string, end: EndName, ports: string): string =>
  ([4, 6] as const)
    .map(
      (family) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${service}-${family}, namespace: ${namespaceOf}, labels: { kubernetes.io/service-name: ${service} } }
addressType: IPv${family}
endpoints: [{ addresses: ["${endAddresses[end][family]}"], conditions: { ready: true } }]
ports: [${ports}]
---`,
    )
    .join('');

/** Objects that policies refer to, of all kinds; service accounts among them. */
export const referredObjects: readonly KubeObject[] = objectsOf(`
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop, labels: { kind: inside } }
spec: { selector: { app: server }, ports: [{ port: 8000, targetPort: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: partner, namespace: shop, labels: { kind: outside } }
spec: { ports: [{ port: 80 }] }
---
${slice('shop', 'web', 'server', '{ port: 80, protocol: TCP }')}
${slice('shop', 'partner', 'ext', '{ port: 80, protocol: TCP }')}
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: kubernetes, namespace: default, labels: { kubernetes.io/service-name: kubernetes } }
addressType: IPv4
endpoints: [{ addresses: ["${endAddresses.far[4]}"], conditions: { ready: true } }]
ports: [{ port: 443, protocol: TCP }]
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: till, namespace: shop, labels: { duty: counter } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: keeper, namespace: shop, labels: { duty: store } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, namespace: shop }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, namespace: other }
`);

/** The objects of YAML documents; throws where something is wrong with the text. Read once: every back end is told the same. */
export function objectsOf(manifest: string): readonly KubeObject[] {
  const objects = parsed.get(manifest) ?? readObjects(manifest);
  parsed.set(manifest, objects);
  return objects;
}

function readObjects(manifest: string): readonly KubeObject[] {
  const { documents, diagnostics } = parseManifest(manifest, 'case.yaml');
  if (diagnostics.length > 0) throw new Error(`${diagnostics.map(({ message }) => message).join('; ')}:\n${manifest}`);
  return documents.map(({ object }) => object);
}
