/** Pods as endpoints: which pods selectors can match, with their labels, addresses and named ports. */
import type { Container, Pod, StringMap } from '@weir/kube';
import { type Endpoint, type NamedPort, orchestratorKey, serviceAccountKey } from '@weir/model';
import { type Address, compareAddresses, isTransportName, parseAddress, transportNumber } from '@weir/net';

const noLabels: StringMap = Object.freeze({});

/**
 * The endpoint of a pod in a namespace with these labels, or undefined when the pod is none: on the
 * host's network, finished (Succeeded or Failed), or without an address yet. Addresses of a
 * dual-stack pod keep the order of `status.podIPs`.
 */
export function podToEndpoint(pod: Pod, namespaceLabels: StringMap): Endpoint | undefined {
  const endpoint = podToPlannedEndpoint(pod, namespaceLabels);
  return endpoint === undefined || endpoint.addresses.length === 0 ? undefined : endpoint;
}

/**
 * As {@link podToEndpoint}, but a pod without an address yet is an endpoint without addresses: one from
 * a manifest, or one whose start the gate announces before its status says so.
 */
export function podToPlannedEndpoint(
  pod: Pod,
  namespaceLabels: StringMap = noLabels,
  serviceAccountLabels: StringMap = noLabels,
): Endpoint | undefined {
  if (pod.spec?.hostNetwork === true || isFinished(pod)) return undefined;
  const { namespace = 'default', name = '', uid = `${namespace}/${name}`, labels = noLabels } = pod.metadata;
  const node = pod.spec?.nodeName;
  const account = pod.spec?.serviceAccountName;
  const reserved = {
    namespace,
    name,
    [orchestratorKey.key]: 'k8s',
    ...(account === undefined || account === '' ? {} : { [serviceAccountKey.key]: account }),
  };
  return {
    uid,
    namespace,
    name,
    ...(node === undefined ? {} : { node }),
    addresses: podAddresses(pod),
    labels: { pod: labels, namespace: namespaceLabels, serviceAccount: serviceAccountLabels, reserved },
    namedPorts: podNamedPorts(pod),
  };
}

/** Whether the pod has ended; its address may already belong to another pod. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The addresses in a pod's status, each once; texts that are no addresses are left out. */
function podAddresses(pod: Pod): Address[] {
  const { podIP, podIPs = [] } = pod.status ?? {};
  if (podIPs.length === 0) return podIP === undefined ? [] : addressesOf([podIP]);
  return addressesOf(podIPs.map(({ ip }) => ip));
}

function addressesOf(texts: readonly string[]): Address[] {
  const addresses = texts.map((text) => parseAddress(text));
  const [first] = addresses;
  // A literal has the room that it needs; these lists are kept as long as their pods.
  if (addresses.length === 1) return first === undefined ? [] : [first];
  const isNew = (address: Address, i: number): boolean =>
    addresses.findIndex((other) => other !== undefined && compareAddresses(other, address) === 0) === i;
  return addresses.flatMap((address, i) => (address !== undefined && isNew(address, i) ? address : []));
}

/**
 * The named ports of the containers that serve while the pod runs: its containers and its sidecars
 * (init containers with `restartPolicy: Always`, KEP-753). Ephemeral containers have no ports.
 */
function podNamedPorts(pod: Pod): NamedPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...sidecars, ...(pod.spec?.containers ?? [])].flatMap(containerNamedPorts);
}

function containerNamedPorts(container: Container): NamedPort[] {
  return (container.ports ?? []).flatMap(({ name, protocol = 'TCP', containerPort }) =>
    name === undefined || name === '' || !isTransportName(protocol)
      ? []
      : [{ name, protocol: transportNumber(protocol), port: containerPort }],
  );
}
