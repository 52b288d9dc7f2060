/**
 * Objects by namespace and name.
 *
 * Two levels, so that no key is put together and kept for each object, and the objects of a namespace share
 * the text of its name.
 */
import type { KubeObject } from '@weir/kube';
import { TightMap } from '@weir/net';

interface NamespaceObjects<T> {
  readonly namespace: string | undefined;
  readonly byName: Map<string, T>;
}

/** A table of objects; those of cluster-scoped resources have no namespace. */
export class ObjectTable<T extends KubeObject> {
  readonly #namespaces: Map<string, NamespaceObjects<T>> = new TightMap();
  #size = 0;

  /** How many objects there are. */
  get size(): number {
    return this.#size;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#namespaces.get(namespace ?? '')?.byName.get(name);
  }

  /** The object of the same namespace and name. */
  sameAs({ metadata }: KubeObject): T | undefined {
    return this.get(metadata.namespace, metadata.name ?? '');
  }

  /** Adds the object or replaces the one of the same name. Its namespace's text becomes the one that the others have. */
  set(object: T): void {
    const { namespace, name = '' } = object.metadata;
    let objects = this.#namespaces.get(namespace ?? '');
    if (objects === undefined) this.#namespaces.set(namespace ?? '', (objects = { namespace, byName: new TightMap() }));
    else if (namespace !== undefined) (object.metadata as { namespace?: string | undefined }).namespace = objects.namespace;
    if (!objects.byName.has(name)) this.#size++;
    objects.byName.set(name, object);
  }

  /** Takes the object of the same namespace and name out. */
  delete({ metadata }: KubeObject): void {
    const namespace = metadata.namespace ?? '';
    const objects = this.#namespaces.get(namespace);
    if (objects?.byName.delete(metadata.name ?? '') !== true) return;
    this.#size--;
    if (objects.byName.size === 0) this.#namespaces.delete(namespace);
  }

  /** All objects, in no particular order. */
  *values(): Generator<T, void, undefined> {
    for (const { byName } of this.#namespaces.values()) yield* byName.values();
  }
}
