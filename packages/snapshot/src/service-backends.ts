/**
 * What a service stands for once its address has been translated: policies judge the packets to and
 * from the backends, never the service's own address.
 */
import { type EndpointSlice, type IntOrString, matchesLabelSelector, type Pod, type Service, type ServicePort } from '@weir/kube';
import type { Endpoint, FlowEnd } from '@weir/model';
import { formatAddress, isTransportName, type ProtocolNumber, parseAddress, transportNumber } from '@weir/net';
import { podKey, type Snapshot } from './snapshot.ts';

/** One backend of one port of a service. */
export interface ServiceBackend {
  readonly end: FlowEnd;
  readonly port: number;
}

/** A backend of a port that has only a name, which the backend does not know. */
export interface UnnumberedBackend {
  readonly end: FlowEnd;
  readonly port: string;
}

/** The service with one of these addresses (cluster, external or load balancer), or undefined. */
export function serviceAt(snapshot: Snapshot, address: string): Service | undefined {
  return snapshot.services.find((service) => serviceAddresses(service).includes(address));
}

/** The service of this namespace and name, or undefined. */
export function serviceNamed(snapshot: Snapshot, namespace: string, name: string): Service | undefined {
  return snapshot.services.find((service) => podKey(service) === `${namespace}/${name}`);
}

/** The port of the service with this number or name, and protocol, or undefined. */
export function servicePort(service: Service, port: number | string, protocol: ProtocolNumber): ServicePort | undefined {
  return service.spec?.ports?.find(
    (candidate) => (typeof port === 'number' ? candidate.port : candidate.name) === port && protocolOf(candidate.protocol) === protocol,
  );
}

/** Where connections to the port end: by the service's selector, or by its endpoint slices. */
export function serviceBackends(snapshot: Snapshot, service: Service, port: ServicePort): ServiceBackend[] {
  if (service.spec?.selector === undefined) return sliceBackends(snapshot, service, port);
  return selectedPods(snapshot, service).flatMap((pod) => {
    const endpoint = snapshot.endpoints.get(podKey(pod));
    if (endpoint === undefined) return hostNetworkBackend(snapshot, pod, port);
    return targetPorts(endpoint, port).map((number): ServiceBackend => ({ end: endOf(endpoint), port: number }));
  });
}

/** The pods that the service selects, where none of them has the name of the target port. */
export function unnumberedBackends(snapshot: Snapshot, service: Service, { targetPort }: ServicePort): readonly UnnumberedBackend[] {
  if (service.spec?.selector === undefined || typeof targetPort !== 'string') return [];
  const endpoints = selectedPods(snapshot, service).flatMap((pod) => snapshot.endpoints.get(podKey(pod)) ?? []);
  return endpoints.map((endpoint) => ({ end: endOf(endpoint), port: targetPort }));
}

function serviceAddresses({ spec, status }: Service): string[] {
  const texts = [...(spec?.clusterIPs ?? []), spec?.clusterIP ?? '', ...(spec?.externalIPs ?? [])];
  for (const { ip } of status?.loadBalancer?.ingress ?? []) texts.push(ip ?? '');
  return texts.flatMap((text) => {
    const address = parseAddress(text);
    return address === undefined ? [] : [formatAddress(address)];
  });
}

function selectedPods(snapshot: Snapshot, service: Service): Pod[] {
  const { namespace = 'default' } = service.metadata;
  const selector = { matchLabels: service.spec?.selector ?? {} };
  const everyPod = service.spec?.publishNotReadyAddresses === true;
  return [...snapshot.pods.values()].filter(
    (pod) =>
      (pod.metadata.namespace ?? 'default') === namespace &&
      matchesLabelSelector(selector, pod.metadata.labels ?? {}) &&
      (everyPod || mayBeReady(pod)),
  );
}

/** Ready, or without a status that says otherwise, as pods from manifests are. */
function mayBeReady(pod: Pod): boolean {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'False';
}

function targetPorts(endpoint: Endpoint, port: ServicePort): number[] {
  const target: IntOrString = port.targetPort ?? port.port;
  if (typeof target === 'number') return [target];
  const protocol = protocolOf(port.protocol);
  const named = endpoint.namedPorts.find((candidate) => candidate.name === target && candidate.protocol === protocol);
  return named === undefined ? [] : [named.port];
}

function hostNetworkBackend(snapshot: Snapshot, pod: Pod, port: ServicePort): ServiceBackend[] {
  const node = snapshot.nodes.find(({ name }) => name === pod.spec?.nodeName);
  const target = containerPort(pod, port);
  if (pod.spec?.hostNetwork !== true || node === undefined || target === undefined) return [];
  const [address] = node.addresses;
  return [{ end: { kind: 'node', node, ...(address === undefined ? {} : { address }) }, port: target }];
}

/** The number of the target port, which a container of the pod may have a name for. */
function containerPort(pod: Pod, { port, protocol = 'TCP', targetPort = port }: ServicePort): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  const ports = pod.spec?.containers?.flatMap((container) => container.ports ?? []) ?? [];
  return ports.find((one) => one.name === targetPort && (one.protocol ?? 'TCP') === protocol)?.containerPort;
}

function sliceBackends(snapshot: Snapshot, service: Service, port: ServicePort): ServiceBackend[] {
  const { namespace = 'default', name = '' } = service.metadata;
  const slices = snapshot.endpointSlices.filter(
    ({ metadata }) => (metadata.namespace ?? 'default') === namespace && metadata.labels?.['kubernetes.io/service-name'] === name,
  );
  return slices.flatMap((slice) =>
    slicePortNumbers(slice, port).flatMap((number) => sliceEnds(snapshot, slice).map((end) => ({ end, port: number }))),
  );
}

function slicePortNumbers({ ports = [] }: EndpointSlice, port: ServicePort): number[] {
  return ports.flatMap((candidate) =>
    (candidate.name ?? '') === (port.name ?? '') && candidate.port !== undefined ? [candidate.port] : [],
  );
}

function sliceEnds(snapshot: Snapshot, { endpoints = [] }: EndpointSlice): FlowEnd[] {
  return endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => {
      const address = parseAddress(addresses[0] ?? '');
      return address === undefined ? [] : [snapshot.world.endAt(address)];
    });
}

function endOf(endpoint: Endpoint): FlowEnd {
  return { kind: 'endpoint', endpoint };
}

function protocolOf(name = 'TCP'): ProtocolNumber | undefined {
  return isTransportName(name) ? transportNumber(name) : undefined;
}
