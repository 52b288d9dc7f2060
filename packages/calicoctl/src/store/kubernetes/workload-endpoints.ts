/**
 * Workload endpoints, one of each pod that has a node and a network of its own (libcalico-go `backend/k8s/conversion`).
 * The interface is the one that Calico's own CNI plugin would have made: other plugins call it otherwise.
 */
import { createHash } from 'node:crypto';
import { podsPath } from '@weir/client';
import { calicoGroup } from '@weir/compile';
import type { ContainerPort, ObjectMeta, Pod } from '@weir/kube';
import type { Resource } from '../../resources/resource-kinds.ts';
import { type KubernetesKind, listPages } from './kubernetes-kind.ts';

export const workloadEndpoints: KubernetesKind = {
  list: async (client, namespace) => {
    const { items } = await listPages<Pod>(client, podsPath(namespace === '' ? undefined : namespace));
    return items.filter(({ spec }) => (spec?.nodeName ?? '') !== '' && spec?.hostNetwork !== true).map(endpointOf);
  },
};

const orchestrator = 'k8s';
const endpoint = 'eth0';
const longestAccountLabel = 62;
const floatingIps = 'cni.projectcalico.org/floatingIPs';

function endpointOf({ metadata, spec, status }: Pod): Resource {
  const { name: pod = '', namespace = '' } = metadata;
  const { nodeName: node = '', serviceAccountName: account = '' } = spec ?? {};
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const addresses = isOver ? [] : (status?.podIPs ?? []).map(({ ip }) => ip);
  const labels = {
    ...metadata.labels,
    'projectcalico.org/namespace': namespace,
    'projectcalico.org/orchestrator': orchestrator,
    ...(account !== '' && account.length <= longestAccountLabel ? { 'projectcalico.org/serviceaccount': account } : {}),
  };
  return {
    apiVersion: calicoGroup,
    kind: 'WorkloadEndpoint',
    metadata: { ...identityOf(metadata), name: endpointName(node, pod), labels },
    spec: present({
      orchestrator,
      node,
      pod,
      containerID: metadata.annotations?.['cni.projectcalico.org/containerID'],
      endpoint,
      interfaceName: `cali${createHash('sha1').update(`${namespace}.${pod}`).digest('hex').slice(0, 11)}`,
      profiles: [`kns.${namespace}`, ...(account === '' ? [] : [`ksa.${namespace}.${account}`])],
      ipNetworks: addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
      ports: portsOf(spec),
      ipNATs: translationsOf(metadata.annotations?.[floatingIps], addresses),
      serviceAccountName: account,
    }),
  };
}

function identityOf({ namespace, uid, resourceVersion, creationTimestamp, generateName }: ObjectMeta): ObjectMeta {
  return Object.fromEntries(
    Object.entries({ namespace, uid, resourceVersion, creationTimestamp, generateName }).filter(([, value]) => value !== undefined),
  );
}

/** Node, orchestrator, pod and interface in one name; dashes of each are doubled. */
function endpointName(node: string, pod: string): string {
  return [node, orchestrator, pod, endpoint].map((part) => part.replaceAll('-', '--')).join('-');
}

function portsOf(spec: Pod['spec']): readonly object[] {
  const ports = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap((container) => container.ports ?? []);
  return ports.filter(({ name = '', hostPort = 0 }) => name !== '' || hostPort !== 0).map(portOf);
}

function portOf({ name, protocol = 'TCP', containerPort, hostPort, hostIP }: ContainerPort): object {
  return present({ name, protocol, port: containerPort, hostPort, hostIP });
}

function translationsOf(text: string | undefined, addresses: readonly string[]): readonly object[] {
  return addressList(text).flatMap((externalIP) => {
    const internalIP = addresses.find((address) => address.includes(':') === externalIP.includes(':'));
    return internalIP === undefined ? [] : [{ internalIP, externalIP }];
  });
}

function addressList(text: string | undefined): readonly string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  } catch {
    // An annotation that nobody can read is nothing that this table shows.
    return [];
  }
}

/** Without what is not there: Go leaves empty fields out. */
function present<T extends object>(fields: T): T {
  const isThere = (value: unknown): boolean => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isThere(value))) as T;
}
