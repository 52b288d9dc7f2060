/** Objects by namespace: the pods of one namespace without walking all pods. */
import type { KubeObject } from '@weir/kube';

/** The objects of a resource, fed by an informer's handlers. */
export class NamespaceIndex<T extends KubeObject> {
  readonly #namespaces = new Map<string, Map<string, T>>();

  /** Adds or replaces; answers what stood there before. */
  put(object: T): T | undefined {
    const { namespace = '', name = '' } = object.metadata;
    let members = this.#namespaces.get(namespace);
    if (members === undefined) {
      members = new Map();
      this.#namespaces.set(namespace, members);
    }
    const before = members.get(name);
    members.set(name, object);
    return before;
  }

  /** Takes out; answers what stood there. */
  delete(object: T): T | undefined {
    const { namespace = '', name = '' } = object.metadata;
    const members = this.#namespaces.get(namespace);
    const before = members?.get(name);
    members?.delete(name);
    if (members?.size === 0) this.#namespaces.delete(namespace);
    return before;
  }

  /** The objects of one namespace. */
  inNamespace(namespace: string): Iterable<T> {
    return this.#namespaces.get(namespace)?.values() ?? [];
  }
}
