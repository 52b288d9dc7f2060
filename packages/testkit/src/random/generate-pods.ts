/** Random nodes, namespaces and pods with everything about a pod that a policy can ask about. */
import type { Container, ContainerPort, Namespace, Node, Pod, PodPhase } from '@weir/kube';
import {
  namespaceLabelPool,
  namespaceNamePool,
  nodeAddress,
  podAddress,
  podLabelPool,
  portNamePool,
  portNumberPool,
  transportPool,
} from './pools.ts';
import type { Random } from './random.ts';

/** A node with an address of each family. */
export function generateNode(index: number): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${index}`, uid: `node-uid-${index}`, labels: { 'kubernetes.io/hostname': `node-${index}` } },
    status: {
      addresses: [
        { type: 'Hostname', address: `node-${index}` },
        { type: 'InternalIP', address: nodeAddress(index, 4) },
        { type: 'InternalIP', address: nodeAddress(index, 6) },
      ],
    },
  };
}

/** Between 4 and 6 namespaces with random labels and the one that the control plane sets. */
export function generateNamespaces(random: Random): Namespace[] {
  return random.sample(namespaceNamePool, random.integer(4, 6)).map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, uid: `namespace-uid-${name}`, labels: namespaceLabels(name, generateLabels(random, namespaceLabelPool)) },
    status: { phase: 'Active' },
  }));
}

/** A namespace's labels together with the label that the control plane sets. */
export function namespaceLabels(name: string, own: Readonly<Record<string, string>>): Record<string, string> {
  return { ...own, 'kubernetes.io/metadata.name': name };
}

/** Some keys of the pool, each with one of its values. */
export function generateLabels(random: Random, pool: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [key, values] of Object.entries(pool)) {
    if (random.chance(0.6)) labels[key] = random.pick(values);
  }
  return labels;
}

/** What is fixed about a pod before its details are drawn. */
export interface PodSite {
  readonly index: number;
  readonly namespaces: readonly Namespace[];
  readonly nodes: readonly Node[];
  /** Numbers of pod addresses that no live pod has; one is taken out for a pod-network pod. */
  readonly freeAddresses: number[];
  /** Numbers of addresses that finished pods have given back. */
  readonly returnedAddresses: number[];
}

/**
 * One pod: the first three of a world are on the host's network, finished, and dual-stack. Some
 * pending pods have no address yet.
 */
export function generatePod(random: Random, site: PodSite): Pod {
  const nodeIndex = random.integer(0, site.nodes.length - 1);
  const hostNetwork = site.index === 0 || (site.index > 2 && random.chance(0.08));
  const finished = !hostNetwork && (site.index === 1 || (site.index > 2 && random.chance(0.08)));
  const families = site.index === 2 ? [4, 6] : random.pick([[4], [4], [4, 6], [6, 4], [6]]);
  const phase: PodPhase = finished
    ? random.pick(['Succeeded', 'Failed'])
    : random.pick(['Running', 'Running', 'Running', 'Pending', 'Unknown']);
  const waits = phase === 'Pending' && site.index > 2 && random.chance(0.5);
  const addresses = hostNetwork
    ? [nodeAddress(nodeIndex, 4), nodeAddress(nodeIndex, 6)]
    : waits
      ? []
      : takeAddresses(random, site, { finished, families });
  const hostIPs = [{ ip: nodeAddress(nodeIndex, 4) }, { ip: nodeAddress(nodeIndex, 6) }];
  const initContainers = generateInitContainers(random, hostNetwork);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${site.index}`,
      namespace: random.pick(site.namespaces).metadata.name ?? '',
      uid: `pod-uid-${site.index}`,
      labels: generateLabels(random, podLabelPool),
    },
    spec: {
      nodeName: `node-${nodeIndex}`,
      containers: generateContainers(random, hostNetwork),
      ...(initContainers.length > 0 ? { initContainers } : {}),
      ...(hostNetwork ? { hostNetwork } : {}),
    },
    status: {
      phase,
      hostIP: nodeAddress(nodeIndex, 4),
      hostIPs,
      ...(addresses[0] === undefined ? {} : { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) }),
    },
  };
}

function takeAddresses(random: Random, site: PodSite, pod: { finished: boolean; families: readonly number[] }): string[] {
  // A pod may get the address of a finished one; the finished pod's status keeps naming it.
  const reuses = !pod.finished && site.returnedAddresses.length > 0 && random.chance(0.5);
  const number = (reuses ? site.returnedAddresses.shift() : site.freeAddresses.shift()) ?? 0;
  if (pod.finished) site.returnedAddresses.push(number);
  return pod.families.map((family) => podAddress(number, family === 4 ? 4 : 6));
}

function generateContainers(random: Random, hostNetwork: boolean): Container[] {
  return random.times(random.integer(1, 3), (index) => ({
    name: `container-${index}`,
    image: 'registry.example/agnhost:2.53',
    ports: generateContainerPorts(random, hostNetwork),
  }));
}

function generateInitContainers(random: Random, hostNetwork: boolean): Container[] {
  const containers: Container[] = [];
  if (random.chance(0.35)) {
    containers.push({
      name: 'sidecar',
      image: 'registry.example/proxy:1',
      restartPolicy: 'Always',
      ports: generateContainerPorts(random, hostNetwork),
    });
  }
  if (random.chance(0.25)) {
    containers.push({ name: 'migrate', image: 'registry.example/migrate:1', ports: generateContainerPorts(random, hostNetwork) });
  }
  return containers;
}

/** Port names are unique within a container, as the API server demands; not between containers. */
function generateContainerPorts(random: Random, hostNetwork: boolean): ContainerPort[] {
  return random.sample(portNamePool, random.integer(0, 2)).map((name) => {
    const containerPort = random.pick(portNumberPool);
    const protocol = random.pick([undefined, ...transportPool]);
    return {
      ...(random.chance(0.9) ? { name } : {}),
      containerPort,
      ...(protocol === undefined ? {} : { protocol }),
      ...(hostNetwork ? { hostPort: containerPort } : {}),
    };
  });
}
