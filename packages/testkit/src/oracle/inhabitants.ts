/**
 * Who lives at an address of a world: a pod of the pod network, or nobody that selectors know.
 *
 * Pods on the host's network have the node's address and behave like the node ("Network Policies",
 * NetworkPolicy and hostNetwork pods: treated as node traffic, ignored by selectors). Finished pods
 * have given their address back and another pod may have it.
 */
import type { Node, Pod } from '@weir/kube';
import { type AddressNumber, readAddress } from './address-number.ts';
import type { FlowEnd, World } from './world.ts';

/** A pod of the pod network that has not finished, with what policies ask about it. */
export interface Inhabitant {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly number: number }[];
  /** Addresses of the node that it runs on, as `family/value` texts. */
  readonly nodeAddresses: ReadonlySet<string>;
  readonly serviceAccount?: string;
  /** The operating system of that node, by the label that its kubelet sets. */
  readonly system: string;
}

/** An end of a flow: its address, and the pod that lives there, if any; else it may be a node's. */
export interface ResolvedEnd {
  readonly address: AddressNumber;
  readonly isNode: boolean;
  readonly pod?: Inhabitant;
}

/** Answers who is at an end of a flow; the answer for one address is always the same object. */
export class Inhabitants {
  readonly #world: World;
  readonly #pods: ReadonlyMap<string, Inhabitant>;
  readonly #nodes: ReadonlySet<string>;
  /** All pods of the pod network that have not finished, with and without addresses. */
  readonly everybody: readonly Inhabitant[];
  readonly #ends: Map<string, ResolvedEnd> = new Map();
  readonly #known: WeakMap<FlowEnd, ResolvedEnd> = new WeakMap();

  constructor(world: World) {
    this.#world = world;
    const pods = new Map<string, Inhabitant>();
    const everybody: Inhabitant[] = [];
    for (const pod of world.pods) {
      if (pod.spec?.hostNetwork === true || isFinished(pod)) continue;
      const inhabitant = inhabitantOf(world, pod);
      everybody.push(inhabitant);
      for (const text of podAddresses(pod)) {
        const key = addressKey(readAddress(text));
        if (pods.has(key)) throw new Error(`two pods have the address ${text}`);
        pods.set(key, inhabitant);
      }
    }
    this.#pods = pods;
    this.everybody = everybody;
    this.#nodes = new Set((world.nodes ?? []).flatMap(nodeAddresses).map((text) => addressKey(readAddress(text))));
  }

  /** Who is at this end. */
  at(end: FlowEnd): ResolvedEnd {
    let resolved = this.#known.get(end);
    if (resolved === undefined) {
      resolved = this.#resolve(end);
      this.#known.set(end, resolved);
    }
    return resolved;
  }

  #resolve(end: FlowEnd): ResolvedEnd {
    const text = end.kind === 'address' ? end.address : this.#addressOf(end);
    const known = this.#ends.get(text);
    if (known !== undefined) return known;
    const address = readAddress(text);
    const pod = this.#pods.get(addressKey(address));
    const resolved = pod === undefined ? { address, isNode: this.#nodes.has(addressKey(address)) } : { address, isNode: false, pod };
    this.#ends.set(text, resolved);
    return resolved;
  }

  #addressOf(end: FlowEnd & { kind: 'pod' }): string {
    const pod = this.#world.pods.find(({ metadata }) => metadata.namespace === end.namespace && metadata.name === end.name);
    const address = pod === undefined ? undefined : addressOfPod(pod, end.family);
    if (address === undefined) throw new Error(`no pod ${end.namespace}/${end.name} with an address of the family`);
    return address;
  }
}

/** All addresses of a pod as its status lists them, the primary one first. */
export function podAddresses(pod: Pod): string[] {
  const listed = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  if (listed.length > 0) return listed;
  return pod.status?.podIP === undefined || pod.status.podIP === '' ? [] : [pod.status.podIP];
}

/** A pod's address of the family (without one: its first address), or undefined. */
export function addressOfPod(pod: Pod, family?: 4 | 6): string | undefined {
  return podAddresses(pod).find((text) => family === undefined || (text.includes(':') ? 6 : 4) === family);
}

/** The addresses of a node that are IP addresses. */
export function nodeAddresses(node: Node): string[] {
  return (node.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP').map(({ address }) => address);
}

/** Whether all containers of the pod have ended for good. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** A text that is the same for all spellings of one address. */
export function addressKey(address: AddressNumber): string {
  return `${address.family}/${address.value}`;
}

function inhabitantOf(world: World, pod: Pod): Inhabitant {
  const namespace = pod.metadata.namespace ?? '';
  const namespaceObject = world.namespaces.find(({ metadata }) => metadata.name === namespace);
  if (namespaceObject === undefined) throw new Error(`pod ${pod.metadata.name} is in no namespace of the world`);
  // Sidecars are init containers that keep running; their ports serve as the others do (KEP-753).
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...(pod.spec?.containers ?? []), ...sidecars].flatMap((container) =>
    (container.ports ?? []).flatMap(({ name, protocol, containerPort }) =>
      name === undefined ? [] : [{ name, protocol: protocol ?? 'TCP', number: containerPort }],
    ),
  );
  const node = (world.nodes ?? []).find(({ metadata }) => metadata.name === pod.spec?.nodeName);
  const hostAddresses = [
    pod.status?.hostIP,
    ...(pod.status?.hostIPs ?? []).map(({ ip }) => ip),
    ...(node === undefined ? [] : nodeAddresses(node)),
  ];
  return {
    namespace,
    labels: pod.metadata.labels ?? {},
    // The control plane sets this label on every namespace ("Network Policies", targeting a namespace by its name).
    namespaceLabels: { ...namespaceObject.metadata.labels, 'kubernetes.io/metadata.name': namespace },
    ports,
    ...(pod.spec?.serviceAccountName === undefined ? {} : { serviceAccount: pod.spec.serviceAccountName }),
    system: node?.metadata.labels?.['kubernetes.io/os'] ?? 'linux',
    nodeAddresses: new Set(hostAddresses.flatMap((text) => (text === undefined ? [] : [addressKey(readAddress(text))]))),
  };
}
