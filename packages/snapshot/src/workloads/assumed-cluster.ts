/**
 * What manifests leave to a cluster, assumed so that flows can be judged: pods of workloads, the nodes
 * they run on, addresses, and namespaces without labels. Everything assumed is said.
 *
 * What is there is kept as it is: a dump of a cluster, with pods that have addresses, is not added to.
 */
import { isFinished } from '@weir/compile';
import type { Diagnostic, KubeObject, Node, Pod, StringMap } from '@weir/kube';
import { type Address, addressFromWords, type Cidr, cidrRange, compareAddresses, formatAddress, formatCidr, nextAddress } from '@weir/net';
import { listed } from '../listed-names.ts';
import { type PlacedObject, readableObjects } from '../readable-objects.ts';
import { podKey } from '../snapshot.ts';
import { type PlannedWorkload, podOfTemplate, workloadsWithoutPods } from './planned-pods.ts';
import { isWorkload } from './workload.ts';

/** The objects together with those that are assumed. */
export interface AssumedCluster {
  readonly objects: readonly (KubeObject | PlacedObject)[];
  /** Objects that cannot be read, and are left out. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was assumed, one sentence each. */
  readonly notices: readonly string[];
}

/** Nodes that are assumed where there are none: two, so that a pod has its own and another. */
const assumedNodes: readonly string[] = ['node1', 'node2'];
const assumedWindowsNode = 'win1';

/** No workload gets more pods than that: more of the same change no verdict. */
const replicasMax = 2;

/** Adds what is missing; pods get addresses of `podRange`, and with a `secondRange`, of the other family, one of it, too. */
export function assumeCluster(entries: readonly (KubeObject | PlacedObject)[], podRange: Cidr, secondRange?: Cidr): AssumedCluster {
  const ranges = [podRange, ...(secondRange === undefined ? [] : [secondRange])];
  const read = readableObjects(
    entries.map((entry) =>
      'positionOf' in entry ? { object: entry.object, positionOf: (path) => entry.positionOf(path) } : { object: entry },
    ),
  );
  const objects = read.objects.map(({ object }) => object);
  const pods = objects.filter((object): object is Pod => object.kind === 'Pod');
  const made = workloadsWithoutPods(objects).flatMap(podsOf);
  const everyPod = [...pods, ...made];
  const given = objects.filter((object): object is Node => object.kind === 'Node');
  const nodes = given.length > 0 ? given : planNodes(everyPod, secondRange);
  const placed = placePods(everyPod, nodes, ranges);
  const namespaces = missingNamespaces(objects);
  const others = read.objects
    .filter(({ object }) => object.kind !== 'Pod')
    .map(({ object, positionOf }) => (positionOf === undefined ? object : { object, positionOf }));
  const addressed = placed.filter((pod, i) => pod.status !== everyPod[i]?.status).length;
  return {
    objects: [...others, ...placed, ...(given.length > 0 ? [] : nodes), ...namespaces],
    diagnostics: read.diagnostics,
    notices: [
      ...(made.length > 0 ? [`${made.length === 1 ? '1 pod is' : `${made.length} pods are`} made from the templates of workloads`] : []),
      ...(given.length === 0 && everyPod.length > 0
        ? [`there is no Node: assumed are ${nodes.map(({ metadata }) => metadata.name ?? '').join(', ')}`]
        : []),
      ...(addressed > 0
        ? [
            `${addressed === 1 ? '1 pod has' : `${addressed} pods have`} no address: assumed are addresses of ${ranges.map(formatCidr).join(' and ')}`,
          ]
        : []),
      ...(namespaces.length > 0
        ? [
            `namespaces that are not among the manifests are judged as without labels: ${listed(namespaces.map(({ metadata }) => metadata.name ?? ''))}`,
          ]
        : []),
    ],
  };
}

/** The pods that a controller would make. */
function podsOf({ workload: { apiVersion, kind, namespace, name }, template }: PlannedWorkload): Pod[] {
  const owner = { apiVersion, kind, name, uid: `${namespace}/${name}`, controller: true };
  return Array.from({ length: Math.max(1, Math.min(template.replicas ?? replicasMax, replicasMax)) }, (_, i): Pod => {
    const pod = podOfTemplate(template, { namespace, name: `${name}-${i}` });
    return { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } };
  });
}

function planNodes(pods: readonly Pod[], secondRange: Cidr | undefined): Node[] {
  const needsWindows = pods.some(({ spec }) => isWindows(spec?.nodeSelector));
  return [...assumedNodes, ...(needsWindows ? [assumedWindowsNode] : [])].map((name, i) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/os': name === assumedWindowsNode ? 'windows' : 'linux' } },
    status: {
      addresses: [`10.224.0.${4 + i}`, ...(secondRange === undefined ? [] : [formatAddress(addressAt(secondRange, 4 + i))])].map(
        (address) => ({
          type: 'InternalIP',
          address,
        }),
      ),
    },
  }));
}

/** Pods without a node get one of their system in turn, those without an address the next free one. */
function placePods(pods: readonly Pod[], nodes: readonly Node[], ranges: readonly Cidr[]): Pod[] {
  const named = (wantsWindows: boolean): string[] =>
    nodes.filter(({ metadata }) => isWindows(metadata.labels) === wantsWindows).flatMap(({ metadata }) => metadata.name ?? []);
  const [linux, windows] = [named(false), named(true)];
  const taken = new Set([
    ...pods.flatMap(({ status }) => [status?.podIP ?? '', ...(status?.podIPs ?? []).map(({ ip }) => ip)]),
    ...nodes.flatMap(({ status }) => (status?.addresses ?? []).map(({ address }) => address)),
  ]);
  const free = ranges.map((range) => freeAddresses(range, taken));
  return pods.map((pod, i) => {
    const { spec, status } = pod;
    const eligible = isWindows(spec?.nodeSelector) ? windows : linux;
    const nodeName = spec?.nodeName ?? eligible[i % Math.max(1, eligible.length)];
    const isAddressed = spec?.hostNetwork === true || isFinished(pod) || status?.podIP !== undefined || (status?.podIPs ?? []).length > 0;
    const podIPs = isAddressed ? [] : free.flatMap((next) => next() ?? []).map((ip) => ({ ip }));
    return {
      ...pod,
      spec: { ...spec, containers: spec?.containers ?? [], ...(nodeName === undefined ? {} : { nodeName }) },
      ...(podIPs[0] === undefined ? {} : { status: { ...status, podIP: podIPs[0].ip, podIPs } }),
    };
  });
}

/** Gives addresses of the range one after the other, from its second 256 on where it is that large: nodes come first. */
function freeAddresses(podRange: Cidr, taken: Set<string>): () => string | undefined {
  const { first, last } = cidrRange(podRange);
  const start = addressAt(podRange, 256);
  let next: Address | undefined = compareAddresses(start, last) <= 0 ? start : first;
  return () => {
    while (next !== undefined && compareAddresses(next, last) <= 0) {
      const text = formatAddress(next);
      next = nextAddress(next);
      if (!taken.has(text)) return text;
    }
    return undefined;
  };
}

/** The address of the range so many behind its first. */
function addressAt(range: Cidr, index: number): Address {
  const { first } = cidrRange(range);
  return addressFromWords(first.family, [...first.words.slice(0, -1), Math.min((first.words.at(-1) ?? 0) + index, 0xffffffff)]);
}

function missingNamespaces(objects: readonly KubeObject[]): KubeObject[] {
  const given = new Set(objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name));
  const inhabited = objects.filter((object) => object.kind === 'Pod' || object.kind === 'NetworkPolicy' || isWorkload(object));
  const names = new Set(inhabited.map((object) => podKey(object).split('/')[0] ?? ''));
  return [...names]
    .filter((name) => !given.has(name))
    .sort()
    .map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
}

function isWindows(labels: StringMap | undefined): boolean {
  return labels?.['kubernetes.io/os'] === 'windows';
}

/** The range that pods of an AKS cluster have without further options, for {@link assumeCluster}. */
export const assumedPodRange: Cidr = { network: addressFromWords(4, [0x0ae00000]), prefixLength: 16 };
