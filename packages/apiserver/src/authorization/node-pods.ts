/**
 * What the pods of each node refer to, kept along with the store from the first question on: a node asks often, and
 * a cluster has many pods.
 */
import { objectAt, textAt } from '@weir/kube';
import type { EncodedObject } from '../storage/encoded-object.ts';
import type { StoreEvent } from '../storage/event-history.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { ObjectKey } from '../storage/store-keys.ts';
import { podReferences } from './pod-references.ts';

interface BoundPod {
  readonly node: string;
  readonly references: ReadonlySet<string>;
}

/** Pods that are bound to nodes, by namespace and name. */
export class NodePods {
  readonly #store: ObjectStore;
  /** By namespace, then by name. */
  #pods: Map<string, Map<string, BoundPod>> | undefined;

  constructor(store: ObjectStore) {
    this.#store = store;
    store.subscribe((event) => this.#take(event));
  }

  /** The node of a pod: empty when it has none yet, undefined when there is no such pod. */
  nodeOf(namespace: string, name: string): string | undefined {
    const pod = this.#store.get({ resource: 'pods', namespace, name });
    return pod === undefined ? undefined : textAt(objectAt(pod.json, 'spec'), 'nodeName');
  }

  /** Whether a pod of the node, in the namespace, refers to something. */
  refersTo(node: string, namespace: string, reference: string): boolean {
    this.#pods ??= this.#read();
    for (const pod of this.#pods.get(namespace)?.values() ?? []) {
      if (pod.node === node && pod.references.has(reference)) return true;
    }
    return false;
  }

  #read(): Map<string, Map<string, BoundPod>> {
    const pods = new Map<string, Map<string, BoundPod>>();
    for (const { key, object } of this.#store.list({ resource: 'pods' })) put(pods, key, object);
    return pods;
  }

  #take({ kind, key, object }: StoreEvent): void {
    if (key.resource !== 'pods' || this.#pods === undefined) return;
    if (kind === 'DELETED') this.#pods.get(key.namespace)?.delete(key.name);
    else put(this.#pods, key, object);
  }
}

function put(pods: Map<string, Map<string, BoundPod>>, { namespace, name }: ObjectKey, object: EncodedObject): void {
  const node = textAt(objectAt(object.json, 'spec'), 'nodeName');
  if (node === '') {
    pods.get(namespace)?.delete(name);
    return;
  }
  const inNamespace = pods.get(namespace) ?? new Map<string, BoundPod>();
  pods.set(namespace, inNamespace);
  inNamespace.set(name, { node, references: podReferences(object.json) });
}
