/**
 * Which pods a selector matches, found through the namespace or the label that it requires; each selector is asked once.
 *
 * Pods on the host's network are here too, apart: selectors never yield them, and people expect that they do.
 */

import { podToPlannedEndpoint } from '@weir/compile';
import { namespaceNameLabel, type Pod, type StringMap } from '@weir/kube';
import { type Endpoint, type LabelKey, type PolicyWorld, requiredLabels, type Selector, selectorText, selectorTruth } from '@weir/model';
import { addToGroup } from '@weir/net';
import { podKey, type Snapshot } from '@weir/snapshot';

/** The pods that a selector matches, and those that it may match, as the labels of their namespaces are not known. */
export interface MatchedPods {
  readonly pods: readonly Endpoint[];
  readonly perhaps: readonly Endpoint[];
  /** Pods on the network of their node, which it would match if they had one of their own. */
  readonly onHostNetwork: readonly Endpoint[];
}

/** The pods of one snapshot. */
export class PodIndex {
  readonly #world: PolicyWorld;
  readonly #all: EndpointTable;
  readonly #onHostNetwork: EndpointTable;
  readonly #matched = new Map<string, MatchedPods>();
  /** By the selectors themselves, whose texts take longer to make than to look up. */
  readonly #known = new WeakMap<Selector, MatchedPods>();

  constructor(snapshot: Snapshot, namespaces: ReadonlyMap<string, StringMap>) {
    this.#world = snapshot.world;
    this.#all = new EndpointTable([...snapshot.endpoints.values()], snapshot.world);
    const onHosts = [...snapshot.pods.values()].flatMap((pod) =>
      snapshot.endpoints.has(podKey(pod)) ? [] : (onHostNetwork(pod, namespaces) ?? []),
    );
    this.#onHostNetwork = new EndpointTable(onHosts, snapshot.world);
  }

  /** Every pod with a network of its own. */
  get all(): readonly Endpoint[] {
    return this.#all.endpoints;
  }

  /** The pods of a namespace; those on the host's network are left out. */
  inNamespace(name: string): readonly Endpoint[] {
    return this.#all.inNamespace(name);
  }

  /** Answers once for each selector. */
  matching(selector: Selector): MatchedPods {
    const known = this.#known.get(selector);
    if (known !== undefined) return known;
    const key = selectorText(selector);
    let matched = this.#matched.get(key);
    if (matched === undefined) this.#matched.set(key, (matched = this.#match(selector)));
    this.#known.set(selector, matched);
    return matched;
  }

  #match(selector: Selector): MatchedPods {
    const pods: Endpoint[] = [];
    const perhaps: Endpoint[] = [];
    for (const endpoint of this.#all.candidates(selector)) {
      const truth = selectorTruth(this.#world, selector, endpoint);
      if (truth === 'yes') pods.push(endpoint);
      if (truth === 'unknown') perhaps.push(endpoint);
    }
    const hosts = this.#onHostNetwork.candidates(selector);
    return { pods, perhaps, onHostNetwork: hosts.filter((endpoint) => selectorTruth(this.#world, selector, endpoint) === 'yes') };
  }
}

/** Endpoints by what selectors require most often: a namespace, a label of it, a label of the pod. */
class EndpointTable {
  readonly endpoints: readonly Endpoint[];
  readonly #byNamespace = new Map<string, Endpoint[]>();
  readonly #byNamespaceLabel = new Map<string, Endpoint[]>();
  readonly #byLabel = new Map<string, Endpoint[]>();
  /** Those in namespaces whose labels are not known. */
  readonly #unknown: Endpoint[] = [];

  constructor(endpoints: readonly Endpoint[], { unknownNamespaces }: PolicyWorld) {
    this.endpoints = endpoints;
    for (const endpoint of endpoints) {
      add(this.#byNamespace, endpoint.namespace, endpoint);
      for (const [key, value] of Object.entries(endpoint.labels.pod)) add(this.#byLabel, `${key}=${value}`, endpoint);
      const ofNamespace = unknownNamespaces.has(endpoint.namespace) ? [] : Object.entries(endpoint.labels.namespace);
      for (const [key, value] of ofNamespace) add(this.#byNamespaceLabel, `${key}=${value}`, endpoint);
    }
    for (const name of unknownNamespaces) for (const endpoint of this.inNamespace(name)) this.#unknown.push(endpoint);
  }

  inNamespace(name: string): readonly Endpoint[] {
    return this.#byNamespace.get(name) ?? [];
  }

  /** All that the selector can match, and perhaps more. */
  candidates(selector: Selector): readonly Endpoint[] {
    let best: readonly (readonly Endpoint[])[] = [this.endpoints];
    for (const { label, values } of requiredLabels(selector)) {
      const found = values === undefined ? undefined : this.#having(label, values);
      if (found !== undefined && countIn(found) < countIn(best)) best = found;
    }
    const [only = [], ...others] = best;
    return others.length === 0 ? only : best.flat();
  }

  /** The endpoints with one of the values, a list for each; undefined for labels by which there is no table. */
  #having(label: LabelKey, values: readonly string[]): readonly (readonly Endpoint[])[] | undefined {
    if ((label.space === 'reserved' && label.key === 'namespace') || isNameOfNamespace(label))
      return values.map((value) => this.inNamespace(value));
    const table = label.space === 'pod' ? this.#byLabel : label.space === 'namespace' ? this.#byNamespaceLabel : undefined;
    const found = table === undefined ? undefined : values.map((value) => table.get(`${label.key}=${value}`) ?? []);
    return found === undefined || label.space === 'pod' || this.#unknown.length === 0 ? found : [...found, this.#unknown];
  }
}

function countIn(lists: readonly (readonly Endpoint[])[]): number {
  return lists.reduce((sum, { length }) => sum + length, 0);
}

function isNameOfNamespace({ space, key }: { readonly space: string; readonly key: string }): boolean {
  return space === 'namespace' && key === namespaceNameLabel;
}

function add(table: Map<string, Endpoint[]>, key: string, endpoint: Endpoint): void {
  addToGroup(table, key, endpoint);
}

/** The pod as selectors would see it with a network of its own; undefined for pods that have finished. */
function onHostNetwork(pod: Pod, namespaces: ReadonlyMap<string, StringMap>): Endpoint | undefined {
  if (pod.spec?.hostNetwork !== true) return undefined;
  const { namespace = 'default' } = pod.metadata;
  const labels = { ...namespaces.get(namespace), [namespaceNameLabel]: namespace };
  return podToPlannedEndpoint({ ...pod, spec: { ...pod.spec, hostNetwork: false } }, labels);
}
