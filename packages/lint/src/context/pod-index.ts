/**
 * Which pods a selector matches, found through the namespace or the label that it requires; each selector is asked once.
 *
 * Pods on the host's network are here too, apart: selectors never yield them, and people expect that they do.
 */

import { podToPlannedEndpoint } from '@weir/compile';
import { namespaceNameLabel, type Pod, type StringMap } from '@weir/kube';
import { type Endpoint, type PolicyWorld, requiredLabels, type Selector, selectorText, selectorTruth } from '@weir/model';
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
    this.#all = new EndpointTable([...snapshot.endpoints.values()]);
    this.#onHostNetwork = new EndpointTable(
      [...snapshot.pods.values()].flatMap((pod) => (snapshot.endpoints.has(podKey(pod)) ? [] : (onHostNetwork(pod, namespaces) ?? []))),
    );
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

/** Endpoints by what selectors require most often: a namespace, else a label of the pod. */
class EndpointTable {
  readonly endpoints: readonly Endpoint[];
  readonly #byNamespace = new Map<string, Endpoint[]>();
  readonly #byLabel = new Map<string, Endpoint[]>();

  constructor(endpoints: readonly Endpoint[]) {
    this.endpoints = endpoints;
    for (const endpoint of endpoints) {
      add(this.#byNamespace, endpoint.namespace, endpoint);
      for (const [key, value] of Object.entries(endpoint.labels.pod)) add(this.#byLabel, `${key}=${value}`, endpoint);
    }
  }

  inNamespace(name: string): readonly Endpoint[] {
    return this.#byNamespace.get(name) ?? [];
  }

  /** All that the selector can match, and perhaps more. */
  candidates(selector: Selector): readonly Endpoint[] {
    let best: readonly Endpoint[] = this.endpoints;
    for (const { label, values } of requiredLabels(selector)) {
      if (values === undefined) continue;
      const isNamespace = (label.space === 'reserved' && label.key === 'namespace') || isNameOfNamespace(label);
      if (!isNamespace && label.space !== 'pod') continue;
      const table = isNamespace ? this.#byNamespace : this.#byLabel;
      const found = values.flatMap((value) => table.get(isNamespace ? value : `${label.key}=${value}`) ?? []);
      if (found.length < best.length) best = found;
    }
    return best;
  }
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
