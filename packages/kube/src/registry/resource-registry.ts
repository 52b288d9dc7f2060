/**
 * The one registry of the kinds that a server serves: lookups over {@link ResourceDefinition}s.
 *
 * Entries can be added and removed while the server runs (custom resource definitions).
 */
import { assert } from '@weir/net';
import { apiVersionOf, type GroupVersionKind, type ResourceDefinition } from './resource-definition.ts';
import { compareVersions } from './version-order.ts';

/** The kinds that a server knows, in the order of their registration. */
export class ResourceRegistry {
  readonly #byPath = new Map<string, ResourceDefinition>();
  readonly #byKind = new Map<string, ResourceDefinition>();
  readonly #removed = new Set<(definition: ResourceDefinition) => void>();

  constructor(definitions: readonly ResourceDefinition[] = []) {
    for (const definition of definitions) this.add(definition);
  }

  /** Adds an entry; asserts that neither its path nor its kind is taken. */
  add(definition: ResourceDefinition): void {
    const path = `${apiVersionOf(definition)}/${definition.plural}`;
    const kind = `${apiVersionOf(definition)}/${definition.kind}`;
    assert(!this.#byPath.has(path), `${path} is registered twice`);
    assert(!this.#byKind.has(kind), `${kind} is registered twice`);
    this.#byPath.set(path, definition);
    this.#byKind.set(kind, definition);
  }

  /** Removes an entry; absence is fine. Whoever works with it is told. */
  remove(definition: ResourceDefinition): void {
    if (this.find(definition.group, definition.version, definition.plural) !== definition) return;
    this.#byPath.delete(`${apiVersionOf(definition)}/${definition.plural}`);
    this.#byKind.delete(`${apiVersionOf(definition)}/${definition.kind}`);
    for (const listener of this.#removed) listener(definition);
  }

  /** Calls `listener` for every entry that is removed from now on; the returned function ends that. */
  onRemoved(listener: (definition: ResourceDefinition) => void): () => void {
    this.#removed.add(listener);
    return () => this.#removed.delete(listener);
  }

  /** Every entry. */
  all(): readonly ResourceDefinition[] {
    return [...this.#byPath.values()];
  }

  /** The entry served at a path, for example `('networking.k8s.io', 'v1', 'networkpolicies')`. */
  find(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.#byPath.get(`${apiVersionOf({ group, version })}/${plural}`);
  }

  /** The entry of a kind. */
  findKind(gvk: GroupVersionKind): ResourceDefinition | undefined {
    return this.#byKind.get(`${apiVersionOf(gvk)}/${gvk.kind}`);
  }

  /** The versions that are served for a group, the preferred one first; empty when the group is unknown. */
  versionsOf(group: string): readonly string[] {
    const versions = this.all()
      .filter((definition) => definition.group === group)
      .map((definition) => definition.version);
    return [...new Set(versions)].sort(compareVersions);
  }
}
