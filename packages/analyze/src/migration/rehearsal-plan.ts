/**
 * What of a cluster is rehearsed: for each class of pods that policies treat alike one or two pods, on the
 * nodes that they run on, with the services and policies as they are.
 *
 * Pods become bare pods with the same names, labels, ports and places, so that each is found again by its
 * name. What a real cluster runs for itself is left out: a cluster of the lab has its own.
 */
import type { Container, KubeObject, NetworkPolicy, Pod, Service, StringMap } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/policy';
import { podKey, type Snapshot } from '../snapshot.ts';
import { classifyEnds } from './end-classes.ts';

/** What to make in each of the two labs. */
export interface RehearsalPlan {
  readonly nodes: readonly { readonly name: string; readonly system: 'linux' | 'windows' }[];
  readonly namespaces: readonly KubeObject[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly policies: readonly NetworkPolicy[];
  /** Pods that stand for equal ones, by how many they stand for: what was left out is said with it. */
  readonly omittedPods: number;
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
/** More pods are not started. */
const podsMax = 40;

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

/** Plans a rehearsal. */
export function planRehearsal(source: RehearsalSource): RehearsalPlan {
  const { objects, before } = source;
  const runs = [...before.pods.values()].filter((pod) => isRehearsed(pod) && runsUnderBoth(pod, source));
  const chosen = new Set(chosenNames(source));
  const pods = runs.filter((pod) => pod.spec?.hostNetwork === true || chosen.has(podKey(pod))).slice(0, podsMax);
  const names = new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []));
  const windows = windowsNodes(objects);
  const namespaced = objects.filter(({ metadata }) => !ownNamespaces.has(metadata.namespace ?? ''));
  return {
    nodes: [...names].sort().map((name) => ({ name, system: windows.has(name) ? 'windows' : 'linux' })),
    namespaces: namespacesOf(objects, pods),
    pods: pods.map(barePod),
    services: namespaced.filter((object): object is Service => object.kind === 'Service').map(plainService),
    policies: namespaced.filter((object): object is NetworkPolicy => object.kind === 'NetworkPolicy').map(plainPolicy),
    omittedPods: runs.length - pods.length,
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

function chosenNames({ before, after }: RehearsalSource): string[] {
  return ([4, 6] as const).flatMap((family) => {
    const { classes } = classifyEnds({ snapshot: before, worlds: [before.world, after.world], family, include: () => true });
    const pods = classes.flatMap(({ ends }) =>
      ends.flatMap((end) => (end.kind === 'endpoint' ? [[end.endpoint]] : [])).slice(0, podsOfClass),
    );
    return pods.flat().map(({ namespace, name }) => `${namespace}/${name}`);
  });
}

function windowsNodes(objects: readonly KubeObject[]): ReadonlySet<string> {
  const nodes = objects.filter(({ kind, metadata }) => kind === 'Node' && metadata.labels?.['kubernetes.io/os'] === 'windows');
  return new Set(nodes.flatMap(({ metadata }) => metadata.name ?? []));
}

function namespacesOf(objects: readonly KubeObject[], pods: readonly Pod[]): KubeObject[] {
  const labels = new Map(objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => [metadata.name ?? '', metadata.labels]));
  const used = [...pods, ...objects.filter(({ kind }) => kind === 'NetworkPolicy' || kind === 'Service')];
  const names = new Set(used.map(({ metadata }) => metadata.namespace ?? 'default').filter((name) => !ownNamespaces.has(name)));
  return [...names].sort().map((name) => {
    const own: StringMap = labels.get(name) ?? {};
    return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: own } };
  });
}

/** A pod that serves the same ports by the same names, and nothing else. */
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
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      ...(spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName }),
      ...(spec?.hostNetwork === true ? { hostNetwork: true } : {}),
      terminationGracePeriodSeconds: 0,
      containers,
    },
  };
}

function plainService({ metadata, spec }: Service): Service {
  const { namespace = 'default', name = '', labels } = metadata;
  const {
    clusterIP,
    clusterIPs: _clusterIps,
    ipFamilies: _families,
    ipFamilyPolicy: _policy,
    healthCheckNodePort: _port,
    ...kept
  } = { ...spec } as Record<string, unknown>;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name, ...(labels === undefined ? {} : { labels }) },
    spec: { ...kept, ...(clusterIP === 'None' ? { clusterIP } : {}) },
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
