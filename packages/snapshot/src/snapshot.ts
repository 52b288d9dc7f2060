/**
 * A snapshot: Kubernetes objects from files or from a cluster, made ready to be asked.
 *
 * ```
 * Namespace ─┐
 * Pod ───────┼─▶ endpoints ─┐
 * Deployment ┤              │
 * Node ──────┘   nodes ─────┼─▶ world ─▶ why, matrix
 * HostEndpoint ▶ hosts ─────┤
 * NetworkPolicy ▶ policies ─┘
 * Service, EndpointSlice, Endpoints ▶ what an address or a name of a service stands for
 * ```
 *
 * A workload without pods among the objects has one planned pod, named like it (`workloads/`).
 *
 * What nobody told stays unknown: a pod without an address is kept without one, and the labels of a
 * namespace that is not among the objects are unknown but for its name. A refused policy is there as
 * the engine has it when no version was accepted yet: it isolates and allows nothing.
 */
import { isFinished, layeredHostSettings, podToPlannedEndpoint, policyCompilersOf, serviceGroupOf, sliceMembers } from '@weir/compile';
import {
  type Diagnostic,
  type EndpointSlice,
  type KubeObject,
  type Namespace,
  type Node,
  namespaceNameLabel,
  type Pod,
  type Service,
  type StringMap,
} from '@weir/kube';
import {
  type AddressGroupName,
  createPolicyWorld,
  type Endpoint,
  type EngineProfile,
  engineProfiles,
  type GroupMember,
  type HostEndpoint,
  type OperatingSystem,
  type Policy,
  type PolicyWorld,
  type PolicyWorldOptions,
  podName,
  systemKey,
  systemOfEndpoint,
  type WorldNode,
} from '@weir/model';
import { type Address, type AddressRange, compareAddresses, parseAddress } from '@weir/net';
import { podRangesOf, type ServiceCidr, serviceRangesOf } from './address-ranges.ts';
import { isEntryObject } from './entry-objects.ts';
import { withMirroredEndpoints } from './mirrored-endpoints.ts';
import { groupVersionOf, type PlacedObject, readableObjects } from './readable-objects.ts';
import { readPolicies, type SnapshotPolicies } from './snapshot-policies.ts';
import { unorderedPods } from './unordered-pods.ts';
import { planPods } from './workloads/planned-pods.ts';
import type { PodWorkload } from './workloads/workload.ts';

/** How to read the objects. */
export interface LoadSnapshotOptions {
  /** Default: `kubernetes`. */
  readonly profile?: EngineProfile;
  /** Whether agents on Windows enforce by other means what Windows lacks (`windowsExpandUnsupported`). Default: no. */
  readonly expandsUnsupported?: boolean;
  /** Where pods have their addresses. Default: what nodes say. */
  readonly podRanges?: readonly AddressRange[];
  /** What names of the domain name system resolved to, in lower case and without the last dot. Default: nobody told. */
  readonly names?: ReadonlyMap<string, readonly Address[]>;
  /** Where services have their addresses. Default: what ServiceCIDRs say. */
  readonly serviceRanges?: readonly AddressRange[];
}

/** Objects made ready to be asked; make it with {@link loadSnapshot}. */
export interface Snapshot {
  readonly world: PolicyWorld;
  readonly policies: readonly Policy[];
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  /** Ingresses and routes: where connections come in. */
  readonly entryObjects: readonly KubeObject[];
  /** Refused policies and unreadable objects; the snapshot can be asked all the same. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every pod by `namespace/name`, those that are no endpoints and those that are planned, too. */
  readonly pods: ReadonlyMap<string, Pod>;
  /** What makes a pod, by its `namespace/name`; pods that nobody manages are not in it. */
  readonly workloads: ReadonlyMap<string, PodWorkload>;
  /** The endpoints by `namespace/name`. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly nodes: readonly WorldNode[];
  readonly hosts: readonly HostEndpoint[];
  /** Where services have their addresses; empty where nobody told. */
  readonly serviceRanges: readonly AddressRange[];
}

/** Reads objects, placed or not; kinds that it does not know are left out. */
export function loadSnapshot(objects: readonly (KubeObject | PlacedObject)[], options: LoadSnapshotOptions = {}): Snapshot {
  const read = readableObjects(
    objects.map((entry) =>
      'positionOf' in entry ? { object: entry.object, positionOf: (path) => entry.positionOf(path) } : { object: entry },
    ),
  );
  const placed = read.objects;
  const ofKind = <T extends KubeObject>(kind: string, group: string): T[] =>
    placed.filter(({ object }) => object.kind === kind && groupVersionOf(object).group === group).map(({ object }) => object as T);
  const { pods, workloads } = planPods(placed.map(({ object }) => object));
  const namespaces = new Map(ofKind<Namespace>('Namespace', '').map(({ metadata }) => [metadata.name ?? '', metadata.labels ?? {}]));
  const nodeObjects = ofKind<Node>('Node', '');
  const systemOfNode = new Map(nodeObjects.map((node) => [node.metadata.name ?? '', systemOf(node.metadata.labels)]));
  const accounts = new Map(ofKind<KubeObject>('ServiceAccount', '').map((account) => [podKey(account), account.metadata.labels ?? {}]));
  const endpointSlices = withMirroredEndpoints(ofKind<EndpointSlice>('EndpointSlice', 'discovery.k8s.io'), ofKind('Endpoints', ''));
  const endpoints = readEndpoints(pods, { namespaces, systemOfNode, accounts });
  const nodes = readNodes(nodeObjects, pods);
  const profile = options.profile ?? engineProfiles.kubernetes;
  const { expandsUnsupported } = options;
  const { tiers, diagnostics, ...ofHosts } = readPolicies(placed, { profile, systems: systemsOf(endpoints), expandsUnsupported });
  const { hosts, hostSettings } = readHosts(ofHosts, nodeObjects, profile);
  const world = createPolicyWorld({
    tiers,
    endpoints: [...endpoints.values()],
    nodes,
    namespacesWithUnknownLabels: [...endpoints.values()].map(({ namespace }) => namespace).filter((name) => !namespaces.has(name)),
    podRanges: options.podRanges ?? podRangesOf(nodeObjects, [...endpoints.values()]),
    profile,
    groups: readGroups(endpointSlices),
    ...(options.names === undefined ? {} : { names: options.names }),
    hosts,
    ...(hostSettings === undefined ? {} : { hostSettings }),
  });
  return {
    world,
    policies: tiers.flatMap(({ policies }) => policies),
    services: ofKind<Service>('Service', ''),
    endpointSlices,
    entryObjects: placed.map(({ object }) => object).filter(isEntryObject),
    diagnostics: [...read.diagnostics, ...diagnostics, ...unorderedPods(world)],
    pods: new Map(pods.map((pod) => [podKey(pod), pod])),
    workloads,
    endpoints,
    nodes,
    hosts,
    serviceRanges: options.serviceRanges ?? serviceRangesOf(ofKind<ServiceCidr>('ServiceCIDR', 'networking.k8s.io')),
  };
}

/** Host endpoints that are objects, or nodes where those are host endpoints, and what objects set for them. */
function readHosts(
  { hosts, hostSettings }: Pick<SnapshotPolicies, 'hosts' | 'hostSettings'>,
  nodes: readonly Node[],
  profile: EngineProfile,
): Pick<PolicyWorldOptions, 'hostSettings'> & { readonly hosts: readonly HostEndpoint[] } {
  const compilers = policyCompilersOf(profile);
  const all = [...hosts, ...nodes.flatMap((node) => compilers.flatMap((compiler) => compiler.hostOfNode?.(node, profile) ?? []))];
  const base = profile.hosts;
  if (base === undefined || hostSettings.length === 0) return { hosts: all };
  return { hosts: all, hostSettings: (node) => layeredHostSettings(base, hostSettings, node) };
}

/** `namespace/name` of an object, in namespace `default` when it names none. */
export function podKey({ metadata: { namespace = 'default', name = '' } }: KubeObject): string {
  return `${namespace}/${name}`;
}

/** The operating systems on which there are pods; Linux where there are none. */
export function systemsOf(endpoints: ReadonlyMap<string, Endpoint>): readonly OperatingSystem[] {
  const used = new Set([...endpoints.values()].map(systemOfEndpoint));
  return used.size === 0 ? ['linux'] : [...used].sort();
}

/** The operating system that labels of a node, or the node selector of a pod, name. */
function systemOf(labels: StringMap | undefined): OperatingSystem {
  return labels?.['kubernetes.io/os'] === 'windows' ? 'windows' : 'linux';
}

/** The endpoints of services as groups. */
function readGroups(slices: readonly EndpointSlice[]): ReadonlyMap<AddressGroupName, readonly GroupMember[]> {
  const groups = new Map<AddressGroupName, GroupMember[]>();
  for (const slice of slices) {
    const name = serviceGroupOf(slice);
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), ...sliceMembers(slice)]);
  }
  return groups;
}

/** What pods are seen with. */
interface Surroundings {
  /** Labels by the name of the namespace. */
  readonly namespaces: ReadonlyMap<string, StringMap>;
  readonly systemOfNode: ReadonlyMap<string, OperatingSystem>;
  /** Labels by namespace and name of the service account. */
  readonly accounts: ReadonlyMap<string, StringMap>;
}

function readEndpoints(pods: readonly Pod[], { namespaces, systemOfNode, accounts }: Surroundings): Map<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>();
  const labelsOf = new Map<string, StringMap>();
  for (const pod of pods) {
    const { namespace = 'default' } = pod.metadata;
    let labels = labelsOf.get(namespace);
    if (labels === undefined) {
      labels = { ...namespaces.get(namespace), [namespaceNameLabel]: namespace };
      labelsOf.set(namespace, labels);
    }
    const account = `${namespace}/${pod.spec?.serviceAccountName ?? ''}`;
    const endpoint = podToPlannedEndpoint(pod, labels, accounts.get(account));
    if (endpoint === undefined) continue;
    const system = systemOfNode.get(endpoint.node ?? '') ?? systemOf(pod.spec?.nodeSelector);
    const reserved = { ...endpoint.labels.reserved, [systemKey.key]: system };
    endpoints.set(podName(endpoint), { ...endpoint, labels: { ...endpoint.labels, reserved } });
  }
  return endpoints;
}

/** Nodes by their objects and by what pods say of the node that they run on. */
function readNodes(nodes: readonly Node[], pods: readonly Pod[]): WorldNode[] {
  const byName = new Map<string, Address[]>();
  const add = (name: string, text: string): void => {
    const addresses = byName.get(name) ?? [];
    byName.set(name, addresses);
    const address = parseAddress(text);
    if (address !== undefined && !addresses.some((other) => compareAddresses(other, address) === 0)) addresses.push(address);
  };
  for (const { metadata, status } of nodes) {
    for (const { address } of status?.addresses ?? []) add(metadata.name ?? '', address);
  }
  for (const pod of pods) {
    const node = pod.spec?.nodeName;
    if (node === undefined || isFinished(pod)) continue;
    for (const { ip } of pod.status?.hostIPs ?? []) add(node, ip);
    if (pod.status?.hostIP !== undefined) add(node, pod.status.hostIP);
  }
  return [...byName].map(([name, addresses]) => ({ name, addresses }));
}
