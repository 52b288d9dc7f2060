/** Sets of classes of ends in words that people know them by: namespaces and labels, nodes, addresses. */

import { type Endpoint, type FlowEnd, podName } from '@weir/model';
import { formatAddress, groupBy } from '@weir/net';
import { listed, listedMax } from '@weir/snapshot';
import type { EndClass, EndClasses } from './end-classes.ts';

/** Labels that controllers set on single pods or revisions: they say nothing about what a pod is. */
const volatileLabels: readonly RegExp[] = [
  /^(pod-template-hash|pod-template-generation|controller-revision-hash|controller-uid|job-name)$/,
  /^(statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index)$/,
  /^batch\.kubernetes\.io\//,
];

/** Labels by which people know a pod best, the best first. */
const tellingLabels = ['app.kubernetes.io/name', 'app', 'k8s-app', 'app.kubernetes.io/component', 'component', 'tier', 'role'];

/** Whether a label says what a pod is, and will be the same on the pod's successors. */
export function isLastingLabel(key: string): boolean {
  return !volatileLabels.some((pattern) => pattern.test(key));
}

/** Orders the keys of labels: those that people know a pod by first. */
export function byTelling(a: string, b: string): number {
  const rank = (key: string): number => (tellingLabels.includes(key) ? tellingLabels.indexOf(key) : tellingLabels.length);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** Describes sets of classes of one comparison. */
export class EndDescriber {
  readonly #ends: EndClasses;
  readonly #podsOfNamespace: Map<string, number> = new Map();
  readonly #pods: number;
  /** Pods on the host's network by their node. */
  readonly #hostPods: ReadonlyMap<string, readonly string[]>;

  constructor(ends: EndClasses, hostPods: ReadonlyMap<string, readonly string[]>) {
    this.#ends = ends;
    this.#hostPods = hostPods;
    const pods = ends.classes.flatMap(({ kind, ends: members }) => (kind === 'pods' ? endpointsOf(members) : []));
    this.#pods = pods.length;
    for (const { namespace } of pods) this.#podsOfNamespace.set(namespace, (this.#podsOfNamespace.get(namespace) ?? 0) + 1);
  }

  /** One text for all the classes, for example `shop app=web (3 pods)`. */
  describe(classes: readonly number[]): string {
    const chosen = classes.flatMap((at) => this.#ends.classes[at] ?? []);
    const of = (kind: EndClass['kind']): FlowEnd[] => chosen.filter((each) => each.kind === kind).flatMap(({ ends }) => ends);
    return [this.describePods(endpointsOf(of('pods'))), this.#describeNodes(of('nodes')), describeOutside(of('outside'))]
      .filter((text) => text !== '')
      .join(' and ');
  }

  /** One text for pods, for example `shop app=web (3 pods)`; '' for none. */
  describePods(pods: readonly Endpoint[]): string {
    const [first] = pods;
    if (first === undefined) return '';
    if (pods.length === 1) return podName(first);
    if (pods.length === this.#pods) return `every pod (${pods.length})`;
    const namespaces = groupBy(pods, (pod) => pod.namespace);
    if (namespaces.size > listedMax) {
      const [labels, ofNamespaces] = [sharedLabels(pods), sharedLabels(pods, 'namespace')];
      const which = `${namespaces.size} namespaces${ofNamespaces === '' ? '' : ` with ${ofNamespaces}`}`;
      return `${labels === '' ? '' : `${labels}: `}${pods.length} pods of ${which}`;
    }
    return [...namespaces].map(([namespace, members]) => this.#describeNamespace(namespace, members)).join(', ');
  }

  #describeNamespace(namespace: string, pods: readonly Endpoint[]): string {
    const [first] = pods;
    if (pods.length === 1 && first !== undefined) return podName(first);
    if (pods.length === this.#podsOfNamespace.get(namespace)) return `every pod of ${namespace} (${pods.length})`;
    const labels = sharedLabels(pods);
    return `${namespace}${labels === '' ? '' : ` ${labels}`} (${pods.length} pods)`;
  }

  #describeNodes(ends: readonly FlowEnd[]): string {
    const names = [...new Set(ends.flatMap((end) => (end.kind === 'node' ? [end.node.name] : [])))];
    if (names.length === 0) return '';
    const all = this.#ends.classes.filter(({ kind }) => kind === 'nodes').flatMap(({ ends: members }) => members);
    const which =
      ends.length === all.length && names.length > 1
        ? `every node (${names.length})`
        : `node${names.length === 1 ? '' : 's'} ${listed(names)}`;
    const hostPods = names.flatMap((name) => this.#hostPods.get(name) ?? []);
    return hostPods.length === 0 ? which : `${which} with the pods on the host's network: ${listed(hostPods)}`;
  }
}

function describeOutside(ends: readonly FlowEnd[]): string {
  const addresses = ends.flatMap((end) => (end.kind === 'address' ? [formatAddress(end.address)] : []));
  return addresses.length === 0 ? '' : `addresses outside like ${listed(addresses)}`;
}

/** At most two labels that all of the pods, or their namespaces, have, those that people know them by first. */
function sharedLabels(pods: readonly Endpoint[], space: 'pod' | 'namespace' = 'pod'): string {
  const [first, ...others] = pods;
  const shared = Object.entries(first?.labels[space] ?? {}).filter(
    ([key, value]) => isLastingLabel(key) && others.every(({ labels }) => labels[space][key] === value),
  );
  const sorted = shared.sort(([a], [b]) => byTelling(a, b));
  return sorted
    .slice(0, 2)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

function endpointsOf(ends: readonly FlowEnd[]): Endpoint[] {
  return ends.flatMap((end) => (end.kind === 'endpoint' ? [end.endpoint] : []));
}
