/**
 * What of a cluster is rehearsed: for each class of pods that policies treat alike one or two pods, on the
 * nodes that they run on, with the services and policies as they are.
 *
 * Pods become bare pods with the same names, labels, ports and places, so that each is found again by its
 * name. What a real cluster runs for itself is left out: a cluster of the lab has its own.
 */
import { classifyEnds, type EndClass } from '@weir/connectivity';
import type { Container, KubeObject, NetworkPolicy, Pod, Service, StringMap } from '@weir/kube';
import { type EngineName, engineProfiles, podName } from '@weir/model';
import type { Address, Family } from '@weir/net';
import { podKey, type Snapshot } from '@weir/snapshot';

/** A node to make. */
export interface PlannedNode {
  readonly name: string;
  readonly system: 'linux' | 'windows';
  /** Labels beside those that every node has; absent where it has no others. */
  readonly labels?: StringMap;
}

/** What to make in each of the two labs. */
export interface RehearsalPlan {
  readonly nodes: readonly PlannedNode[];
  readonly namespaces: readonly KubeObject[];
  /** Service accounts of the pods, with their labels, but for those that every namespace has. */
  readonly accounts: readonly KubeObject[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly policies: readonly NetworkPolicy[];
  /** Addresses outside of the cluster that policies tell apart, one for all like it. */
  readonly hosts: readonly Address[];
  /** Of such addresses, those that are left out. */
  readonly omittedHosts: number;
  /** Pods that are left out. */
  readonly omittedPods: number;
  /** Of the kinds of pods that policies tell apart, those of which no pod is there. */
  readonly omittedKinds: number;
}

/** What is chosen from. */
export interface RehearsalSource {
  readonly objects: readonly KubeObject[];
  /** The objects as the old engine reads them, and as the new one does. */
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly from: EngineName;
  readonly to: EngineName;
}

/** Of each class so many pods: two, because a class may talk within itself. */
const podsOfClass = 2;
/**
 * More pods are not started: connections grow with the square of their number (100 pods are some 80 000 on each engine,
 * three times over), and each pod is a namespace of its own in both labs.
 */
const podsMax = 100;
/** So many nodes are made in each lab at most. */
export const rehearsalNodesMax = 10;
/** More addresses outside are not tried. */
const hostsMax = 6;
/** A port that no rule has to name; pods answer there over UDP, where silence would else be all that a probe hears. */
export const rehearsalPort = 9;

/** Namespaces of the cluster's own workloads. */
const ownNamespaces: ReadonlySet<string> = new Set([
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'calico-system',
  'calico-apiserver',
  'tigera-operator',
  'gatekeeper-system',
]);

/** Whether the namespace is the cluster's own: what is in it is not rehearsed, because a lab has its own. */
export function isClusterNamespace(name: string): boolean {
  return ownNamespaces.has(name);
}

/** Plans a rehearsal. */
export function planRehearsal(source: RehearsalSource): RehearsalPlan {
  const { objects, before } = source;
  const runs = [...before.pods.values()].filter((pod) => isRehearsed(pod) && runsUnderBoth(pod, source));
  const addresses = [...before.endpoints.values()].flatMap((endpoint) => endpoint.addresses);
  const families = ([4, 6] as const).filter((family) => addresses.some((address) => address.family === family));
  const classes = families.flatMap((family) => classesOf(source, family));
  const kinds = classes.filter(({ kind }) => kind === 'pods').map(podsOfKind);
  const onHosts = runs.filter(({ spec }) => spec?.hostNetwork === true).slice(0, podsMax);
  const chosen = chosenNames(kinds, runs, podsMax - onHosts.length);
  const pods = [...runs.filter((pod) => chosen.has(podKey(pod))), ...onHosts];
  const running = new Set(runs.map(podKey));
  const outside = classes.flatMap(({ kind, ends }) => (kind === 'outside' ? (ends[0]?.address ?? []) : []));
  return {
    ...planLab(objects, pods),
    hosts: outside.slice(0, hostsMax),
    omittedHosts: Math.max(0, outside.length - hostsMax),
    omittedPods: runs.length - pods.length,
    omittedKinds: kinds.filter((twins) => twins.some((name) => running.has(name)) && !twins.some((name) => chosen.has(name))).length,
  };
}

/** A lab with these pods of a cluster, on the nodes that they run on, with its services and policies. */
function planLab(
  objects: readonly KubeObject[],
  pods: readonly Pod[],
  others: readonly string[] = [],
): Omit<RehearsalPlan, 'hosts' | 'omittedHosts' | 'omittedPods' | 'omittedKinds'> {
  const names = new Set([...pods.flatMap(({ spec }) => spec?.nodeName ?? []), ...others]);
  const windows = windowsNodes(objects);
  const namespaced = objects.filter(({ metadata }) => !ownNamespaces.has(metadata.namespace ?? ''));
  return {
    nodes: [...names].sort().map((name) => ({ name, system: windows.has(name) ? 'windows' : 'linux', ...ownLabels(objects, name) })),
    namespaces: namespacesOf(objects, pods),
    accounts: accountsOf(objects, pods),
    pods: pods.map(barePod),
    services: namespaced.filter((object): object is Service => isService(object)).map(plainService),
    policies: namespaced.filter((object): object is NetworkPolicy => isNetworkPolicy(object)).map(plainPolicy),
  };
}

/** Ends of a cluster that are to be tried. */
export interface TrialEnds {
  /** By `namespace/name`. */
  readonly pods: ReadonlySet<string>;
  readonly nodes: ReadonlySet<string>;
  /** Addresses outside. */
  readonly hosts: readonly Address[];
}

/** More nodes are not made for themselves. */
const nodesMax = 6;

/** Plans a lab in which these ends of a cluster can be tried. */
export function planTrial(objects: readonly KubeObject[], snapshot: Snapshot, { pods, nodes, hosts }: TrialEnds): RehearsalPlan {
  const runs = [...snapshot.pods.values()].filter((pod) => pods.has(podKey(pod)) && isRehearsed(pod));
  const chosen = runs.slice(0, podsMax);
  const known = snapshot.nodes.filter(({ name }) => nodes.has(name)).map(({ name }) => name);
  return {
    ...planLab(objects, chosen, known.slice(0, nodesMax)),
    hosts: hosts.slice(0, hostsMax),
    omittedHosts: Math.max(0, hosts.length - hostsMax),
    omittedPods: pods.size - chosen.length,
    omittedKinds: 0,
  };
}

function isRehearsed({ metadata, spec, status }: Pod): boolean {
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  return !ownNamespaces.has(metadata.namespace ?? 'default') && spec?.nodeName !== undefined && !isOver;
}

/** Pods on a system that one of the engines does not run on cannot be there in both labs. */
function runsUnderBoth({ spec }: Pod, { objects, from, to }: RehearsalSource): boolean {
  if (!windowsNodes(objects).has(spec?.nodeName ?? '')) return true;
  return [from, to].every((engine) => engineProfiles[engine].dataplanes.windows !== undefined);
}

function classesOf({ before, after }: RehearsalSource, family: Family): readonly EndClass[] {
  return classifyEnds({ snapshot: before, worlds: [before.world, after.world], family, include: () => true }).classes;
}

function podsOfKind({ ends }: EndClass): string[] {
  return ends.flatMap((end) => (end.kind === 'endpoint' ? [podName(end.endpoint)] : []));
}

/** One pod of each kind that runs, then as many second ones as there is room for; on as many nodes as a lab may have. */
function chosenNames(kinds: readonly (readonly string[])[], runs: readonly Pod[], max: number): ReadonlySet<string> {
  const nodeOf = new Map(runs.map((pod) => [podKey(pod), pod.spec?.nodeName ?? '']));
  const rows = kinds.map((names) => names.filter((name) => nodeOf.has(name)));
  const used = new Map<string, number>();
  const chosen = new Set<string>();
  // Nodes are used evenly, so that pods of different nodes talk, but no new ones when there are enough.
  const rank = (name: string): number => {
    const node = nodeOf.get(name) ?? '';
    return used.get(node) ?? (used.size < rehearsalNodesMax ? 0 : Number.POSITIVE_INFINITY);
  };
  for (let round = 0; round < podsOfClass; round++) {
    for (const names of rows) {
      if (chosen.size >= max) return chosen;
      const free = names.filter((name) => !chosen.has(name));
      const [first, ...others] = free;
      if (first === undefined || names.length - free.length > round) continue;
      const best = others.reduce((least, name) => (rank(name) < rank(least) ? name : least), first);
      chosen.add(best);
      const node = nodeOf.get(best) ?? '';
      used.set(node, (used.get(node) ?? 0) + 1);
    }
  }
  return chosen;
}

/** Other APIs have kinds of the same name. */
function isNetworkPolicy({ apiVersion, kind }: KubeObject): boolean {
  return kind === 'NetworkPolicy' && (apiVersion ?? '').startsWith('networking.k8s.io/');
}

function isService({ apiVersion, kind }: KubeObject): boolean {
  return kind === 'Service' && apiVersion === 'v1';
}

function windowsNodes(objects: readonly KubeObject[]): ReadonlySet<string> {
  const nodes = objects.filter(({ kind, metadata }) => kind === 'Node' && metadata.labels?.['kubernetes.io/os'] === 'windows');
  return new Set(nodes.flatMap(({ metadata }) => metadata.name ?? []));
}

function namespacesOf(objects: readonly KubeObject[], pods: readonly Pod[]): KubeObject[] {
  const labels = new Map(objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => [metadata.name ?? '', metadata.labels]));
  const used = [...pods, ...objects.filter((object) => isNetworkPolicy(object) || isService(object))];
  const names = new Set(used.map(({ metadata }) => metadata.namespace ?? 'default').filter((name) => !ownNamespaces.has(name)));
  return [...names].sort().map((name) => {
    const own: StringMap = labels.get(name) ?? {};
    return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: own } };
  });
}

/** What kubelets write on their nodes. */
const kubeletLabels: ReadonlySet<string> = new Set(['kubernetes.io/os', 'kubernetes.io/arch', 'kubernetes.io/hostname']);

function ownLabels(objects: readonly KubeObject[], name: string): { readonly labels?: StringMap } {
  const node = objects.find(({ kind, metadata }) => kind === 'Node' && metadata.name === name);
  const labels = Object.entries(node?.metadata.labels ?? {}).filter(([key]) => !kubeletLabels.has(key));
  return labels.length === 0 ? {} : { labels: Object.fromEntries(labels) };
}

function accountsOf(objects: readonly KubeObject[], pods: readonly Pod[]): KubeObject[] {
  const keyOf = ({ metadata: { namespace = 'default', name = '' } }: KubeObject): string => `${namespace}/${name}`;
  const given = new Map(objects.filter(({ kind }) => kind === 'ServiceAccount').map((account) => [keyOf(account), account]));
  const used = new Map(
    pods.flatMap(({ metadata: { namespace = 'default' }, spec }) => {
      const name = spec?.serviceAccountName ?? 'default';
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } };
      return name === 'default' && !given.has(keyOf(account)) ? [] : [[keyOf(account), account] as const];
    }),
  );
  return [...used].map(([key, account]) => {
    const labels = given.get(key)?.metadata.labels;
    return labels === undefined ? account : { ...account, metadata: { ...account.metadata, labels } };
  });
}

/** A pod that serves the same ports by the same names, and one over UDP that nobody names. */
function barePod({ metadata, spec }: Pod): Pod {
  const { namespace = 'default', name = '', labels = {} } = metadata;
  const taken = new Set<string>();
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const containers = [...(spec?.containers ?? []), ...sidecars].map((container): Container => {
    const ports = (container.ports ?? []).filter(({ containerPort, protocol = 'TCP' }) => {
      const key = `${containerPort}/${protocol}`;
      return !taken.has(key) && taken.add(key);
    });
    const plain = ports.map(({ name: portName, containerPort, protocol }) => ({
      containerPort,
      ...(portName === undefined ? {} : { name: portName }),
      ...(protocol === undefined ? {} : { protocol }),
    }));
    return { name: container.name, image: `weir.local/stand-in/${container.name}`, ports: plain };
  });
  const [first, ...others] = containers;
  const answersUdp = first === undefined || spec?.hostNetwork === true || taken.has(`${rehearsalPort}/UDP`);
  const answering = answersUdp
    ? containers
    : [{ ...first, ports: [...(first.ports ?? []), { containerPort: rehearsalPort, protocol: 'UDP' }] }, ...others];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      ...(spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName }),
      ...(spec?.hostNetwork === true ? { hostNetwork: true } : {}),
      ...(spec?.serviceAccountName === undefined ? {} : { serviceAccountName: spec.serviceAccountName }),
      terminationGracePeriodSeconds: 0,
      containers: answering,
    },
  };
}

function plainService({ metadata, spec }: Service): Service {
  const { namespace = 'default', name = '', labels } = metadata;
  const {
    clusterIP,
    clusterIPs: _clusterIps,
    ipFamilies: _families,
    ipFamilyPolicy,
    healthCheckNodePort: _port,
    ...kept
  } = { ...spec } as Record<string, unknown>;
  // A lab without IPv6 makes the best of it.
  const isDual = ipFamilyPolicy === 'PreferDualStack' || ipFamilyPolicy === 'RequireDualStack';
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name, ...(labels === undefined ? {} : { labels }) },
    spec: { ...kept, ...(clusterIP === 'None' ? { clusterIP } : {}), ...(isDual ? { ipFamilyPolicy: 'PreferDualStack' } : {}) },
  };
}

function plainPolicy({ metadata, spec }: NetworkPolicy): NetworkPolicy {
  const { namespace = 'default', name = '' } = metadata;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name },
    ...(spec === undefined ? {} : { spec }),
  };
}
