/** Which object owns which, by UID, as the informers tell it. */
import type { ResourcePath } from '@weir/client';
import type { KubeObject, OwnerReference } from '@weir/kube';

/** An object as the collector sees it. */
export interface GraphEntry {
  /** Where it is, its namespace included. */
  readonly path: ResourcePath;
  readonly name: string;
  readonly uid: string;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  readonly isGoing: boolean;
}

/** The entry of an object of a resource. */
export function graphEntry(path: ResourcePath, { metadata }: KubeObject): GraphEntry {
  const { namespace, name = '', uid = '', ownerReferences = [], finalizers = [], deletionTimestamp } = metadata;
  return {
    path: namespace === undefined || namespace === '' ? path : { ...path, namespace },
    name,
    uid,
    owners: ownerReferences,
    finalizers,
    isGoing: deletionTimestamp !== undefined,
  };
}

/** All objects, and from owners to what they own. */
export class OwnerGraph {
  readonly #entries = new Map<string, GraphEntry>();
  readonly #dependents = new Map<string, Set<string>>();

  /** The object with this UID. */
  get(uid: string): GraphEntry | undefined {
    return this.#entries.get(uid);
  }

  /** Adds or replaces an object. */
  put(entry: GraphEntry): void {
    const before = this.#entries.get(entry.uid);
    if (before !== undefined) this.#unlink(before);
    this.#entries.set(entry.uid, entry);
    for (const { uid } of entry.owners) {
      const all = this.#dependents.get(uid) ?? new Set();
      all.add(entry.uid);
      this.#dependents.set(uid, all);
    }
  }

  /** Takes an object out; what it owns stays linked to its UID. */
  delete(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    this.#unlink(entry);
    this.#entries.delete(uid);
  }

  /** What the object with this UID owns. */
  dependentsOf(uid: string): readonly GraphEntry[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((each) => this.#entries.get(each) ?? []);
  }

  #unlink(entry: GraphEntry): void {
    for (const { uid } of entry.owners) {
      const all = this.#dependents.get(uid);
      all?.delete(entry.uid);
      if (all?.size === 0) this.#dependents.delete(uid);
    }
  }
}
