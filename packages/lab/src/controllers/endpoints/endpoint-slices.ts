/**
 * Which EndpointSlices and which Endpoints a service and its pods make: values in, values out.
 *
 * Follows the EndpointSlice controller (KEP-752, KEP-1672 for terminating pods): finished pods and
 * pods without an address are left out; an endpoint is ready when its pod is and is not terminating,
 * or when the service publishes addresses that are not ready; pods that resolve a named targetPort
 * to different numbers go into different slices; both families of a dual-stack service have slices
 * of their own.
 */
import type { EndpointSlice, KubeObject, Pod, Service, ServicePort } from '@weir/kube';
import { parseAddress, shortHash } from '@weir/net';
import { serviceNameLabel } from '../../services/service-port.ts';

/** The label that says which controller owns a slice. */
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';

/** The value of {@link managedByLabel} on slices of this controller. */
export const managedByValue = 'endpointslice-controller.k8s.io';

/** As in the reference: slices stay small, so that a change of one endpoint moves little. */
const endpointsPerSlice = 100;

/** core/v1 Endpoints, the older form of the same facts. */
export interface Endpoints extends KubeObject {
  readonly subsets?: readonly EndpointSubset[];
}

/** Addresses that share one list of ports. */
interface EndpointSubset {
  readonly addresses?: readonly EndpointAddress[];
  readonly notReadyAddresses?: readonly EndpointAddress[];
  readonly ports?: readonly (Partial<SlicePort> & Pick<SlicePort, 'port'>)[];
}

interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: { readonly kind: string; readonly namespace: string; readonly name: string; readonly uid: string };
}

interface SlicePort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly appProtocol?: string;
}

type SliceEndpoint = NonNullable<EndpointSlice['endpoints']>[number];

/** Whether the controller makes slices for the service: it has a selector and is not ExternalName. */
export function hasManagedEndpoints(service: Service): boolean {
  const { spec } = service;
  return spec?.type !== 'ExternalName' && Object.keys(spec?.selector ?? {}).length > 0;
}

/** Whether the pod carries every label of the service's selector; a service without selector selects nothing. */
export function serviceSelects(service: Service, pod: Pod): boolean {
  const selector = Object.entries(service.spec?.selector ?? {});
  return selector.length > 0 && selector.every(([key, value]) => pod.metadata.labels?.[key] === value);
}

/** The slices that should exist, by name. `pods` are those of the service's namespace, in any order. */
export function desiredEndpointSlices(service: Service, pods: Iterable<Pod>): EndpointSlice[] {
  const selected = selectedPods(service, pods);
  return serviceFamilies(service).flatMap((family) => {
    const groups = groupByPorts(service, selected, (pod) => sliceEndpoint(service, pod, family));
    // A service without any endpoint still has one slice, which says so.
    if (groups.length === 0) groups.push({ ports: [], members: [] });
    return groups.flatMap(({ ports, members }) =>
      chunks(members, endpointsPerSlice).map((endpoints, index) => slice({ service, family, ports, endpoints, index })),
    );
  });
}

/** The Endpoints object that should exist: the service's first family only. */
export function desiredEndpoints(service: Service, pods: Iterable<Pod>): Endpoints {
  const family = serviceFamilies(service)[0] ?? 'IPv4';
  const groups = groupByPorts(service, selectedPods(service, pods), (pod) => sliceEndpoint(service, pod, family));
  const subsets = groups.flatMap(({ ports, members }) => {
    // Terminating pods have no place in Endpoints.
    const present = members.filter((member) => member.conditions?.terminating !== true);
    const addresses = present.filter((member) => member.conditions?.ready === true).map(endpointAddress);
    const notReadyAddresses = present.filter((member) => member.conditions?.ready !== true).map(endpointAddress);
    if (present.length === 0) return [];
    return [
      {
        ...(addresses.length > 0 ? { addresses } : {}),
        ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
        ...(ports.length > 0 ? { ports } : {}),
      },
    ];
  });
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: service.metadata.name ?? '',
      namespace: service.metadata.namespace ?? '',
      labels: { ...inheritedLabels(service), 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
    },
    ...(subsets.length > 0 ? { subsets } : {}),
  };
}

/** The number that a service port means on a pod; undefined when the pod names no such port. */
function resolveTargetPort(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find((entry) => entry.name === target && (entry.protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

function selectedPods(service: Service, pods: Iterable<Pod>): Pod[] {
  const selected = [...pods].filter((pod) => {
    const phase = pod.status?.phase;
    return phase !== 'Succeeded' && phase !== 'Failed' && serviceSelects(service, pod);
  });
  return selected.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
}

function serviceFamilies(service: Service): ('IPv4' | 'IPv6')[] {
  const { ipFamilies, clusterIP } = service.spec ?? {};
  if (ipFamilies !== undefined && ipFamilies.length > 0) return [...ipFamilies];
  return [clusterIP !== undefined && parseAddress(clusterIP)?.family === 6 ? 'IPv6' : 'IPv4'];
}

function sliceEndpoint(service: Service, pod: Pod, family: 'IPv4' | 'IPv6'): SliceEndpoint | undefined {
  const { metadata, spec, status } = pod;
  const own = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP === undefined ? [] : [status.podIP]);
  const address = own.find((ip) => parseAddress(ip)?.family === (family === 'IPv4' ? 4 : 6));
  if (address === undefined) return undefined;
  const terminating = metadata.deletionTimestamp !== undefined;
  const serving = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
  const published = service.spec?.publishNotReadyAddresses === true;
  return {
    addresses: [address],
    conditions: { ready: published || (serving && !terminating), serving: published || serving, terminating },
    ...(spec?.hostname !== undefined && spec.subdomain === service.metadata.name ? { hostname: spec.hostname } : {}),
    ...(spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName }),
    targetRef: { kind: 'Pod', namespace: metadata.namespace ?? '', name: metadata.name ?? '', uid: metadata.uid ?? '' },
  };
}

interface PortGroup {
  readonly ports: readonly SlicePort[];
  readonly members: SliceEndpoint[];
}

function groupByPorts(service: Service, pods: readonly Pod[], endpointOf: (pod: Pod) => SliceEndpoint | undefined): PortGroup[] {
  const groups = new Map<string, PortGroup>();
  for (const pod of pods) {
    const endpoint = endpointOf(pod);
    if (endpoint === undefined) continue;
    const ports = portsOf(service, pod);
    // Ports that no endpoint of a port-bearing service has would only make an endpoint of nothing.
    if (ports.length === 0 && (service.spec?.ports ?? []).length > 0) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ports, members: [endpoint] });
    else group.members.push(endpoint);
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function portsOf(service: Service, pod: Pod): SlicePort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = resolveTargetPort(port, pod);
    if (number === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = port;
    return [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

interface SliceParts {
  readonly service: Service;
  readonly family: 'IPv4' | 'IPv6';
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
  readonly index: number;
}

function slice({ service, family, ports, endpoints, index }: SliceParts): EndpointSlice {
  const { name = '', namespace = '', uid = '' } = service.metadata;
  const headless = service.spec?.clusterIP === 'None';
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${shortHash(JSON.stringify([uid, family, ports, index])).slice(-5)}`,
      namespace,
      labels: {
        ...inheritedLabels(service),
        [serviceNameLabel]: name,
        [managedByLabel]: managedByValue,
        ...(headless ? { 'service.kubernetes.io/headless': '' } : {}),
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    addressType: family,
    endpoints,
    ports,
  };
}

function inheritedLabels(service: Service): Record<string, string> {
  const reserved = new Set<string>([serviceNameLabel, managedByLabel, 'service.kubernetes.io/headless']);
  return Object.fromEntries(Object.entries(service.metadata.labels ?? {}).filter(([key]) => !reserved.has(key)));
}

function endpointAddress(endpoint: SliceEndpoint): EndpointAddress {
  const { hostname, nodeName, targetRef } = endpoint;
  return {
    ip: endpoint.addresses[0] ?? '',
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: {
      kind: 'Pod',
      namespace: targetRef?.namespace ?? '',
      name: targetRef?.name ?? '',
      uid: targetRef?.uid ?? '',
    },
  };
}

/** Pieces of at most `size`; one empty piece for an empty list. */
function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let start = 0; start === 0 || start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}
