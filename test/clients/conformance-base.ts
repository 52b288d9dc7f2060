/**
 * The base of network-policy-api's conformance suite: five houses with a StatefulSet of two pods each, one of them on
 * the nodes' own network with host ports. Its probe is exec of `/agnhost connect` to an address of a pod.
 */
import type { Pod } from '@weir/kube';

/** Houses and the StatefulSets in them. */
export const houses = {
  gryffindor: 'harry-potter',
  slytherin: 'draco-malfoy',
  hufflepuff: 'cedric-diggory',
  ravenclaw: 'luna-lovegood',
  'forbidden-forrest': 'centaur',
} as const;

export type House = keyof typeof houses;

/** One port that every pod of a house serves. */
interface Served {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly name?: string;
}

const podPorts: readonly Served[] = [
  { port: 80, protocol: 'TCP', name: 'web' },
  { port: 8080, protocol: 'TCP' },
  { port: 53, protocol: 'UDP', name: 'dns' },
  { port: 5353, protocol: 'UDP' },
  { port: 9003, protocol: 'SCTP' },
  { port: 9005, protocol: 'SCTP' },
];
const hostPorts: readonly Served[] = [
  { port: 34_345, protocol: 'TCP', name: 'web' },
  { port: 34_346, protocol: 'TCP' },
  { port: 34_347, protocol: 'UDP', name: 'dns' },
  { port: 34_348, protocol: 'UDP' },
  { port: 34_349, protocol: 'SCTP' },
  { port: 34_350, protocol: 'SCTP' },
];

/** The namespace of a house. */
export function namespaceOfHouse(house: string): string {
  return `network-policy-conformance-${house}`;
}

/** What a pod serves. */
export function servedBy(pod: Pod): readonly Served[] {
  return pod.spec?.hostNetwork === true ? hostPorts : podPorts;
}

/** The container from which a pod is asked to connect: its name without the last character, and `client`. */
export function clientContainer(pod: string): string {
  return `${pod.slice(0, -1)}client`;
}

/** All objects of the base. */
export function conformanceBase(): object[] {
  return Object.entries(houses).flatMap(([house, set]) => [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOfHouse(house), labels: { 'conformance-house': house } } },
    statefulSet(house, set),
  ]);
}

function statefulSet(house: string, name: string): object {
  const isOnHost = name === 'centaur';
  const labels = { 'conformance-house': house };
  const containers = [
    { name: `${name}-client`, image },
    ...(isOnHost ? hostPorts : podPorts).map((served) => server(name, served, isOnHost)),
  ];
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: namespaceOfHouse(house), labels },
    spec: {
      replicas: 2,
      serviceName: name,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers, terminationGracePeriodSeconds: 0, ...(isOnHost ? { hostNetwork: true } : {}) },
      },
    },
  };
}

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.45';

function server(set: string, { port, protocol, name }: Served, isOnHost: boolean): object {
  return {
    name: `${set}-${port}`,
    image,
    command: ['/bin/bash', '-c', `/agnhost ${serverArguments(port, protocol, isOnHost)}`],
    env: [
      { name: 'HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
      { name: `SERVE_SCTP_PORT_${port}`, value: 'foo' },
    ],
    ports: [{ containerPort: port, protocol, ...(name === undefined ? {} : { name }), ...(isOnHost ? { hostPort: port } : {}) }],
  };
}

function serverArguments(port: number, protocol: Served['protocol'], isOnHost: boolean): string {
  if (protocol === 'SCTP') return 'porter';
  if (protocol === 'TCP') return `serve-hostname --tcp --http=false --port=${port}`;
  // Kubernetes puts the address there; a shell would find nothing in the braces of its own.
  return isOnHost
    ? `netexec --http-port=${port + 10} --udp-port=${port} --udp-listen-addresses $(HOST_IP)`
    : `serve-hostname --udp --http=false --port=${port}`;
}
