/** The clusters of the subscription as documents, found as paths name them. A cluster is in a group that is there. */
import { gatewayError } from '../arm/arm-error.ts';
import { clusterId, containerService, keyOf } from '../arm/resource-id.ts';
import { groupNotFound, type ResourceGroup } from '../resources/groups.ts';
import type { DocumentStore } from '../state/document-store.ts';
import type { ManagedCluster } from './managed-cluster.ts';

/** Names a cluster as a path does. */
export interface ClusterName {
  readonly group: string;
  readonly name: string;
}

/** What the documents are in. */
export interface ClusterStoreParts {
  readonly subscription: string;
  readonly clusters: DocumentStore<ManagedCluster>;
  readonly groups: DocumentStore<ResourceGroup>;
}

/** Finds and keeps them. */
export class ClusterStore {
  readonly #parts: ClusterStoreParts;

  constructor(parts: ClusterStoreParts) {
    this.#parts = parts;
  }

  /** All, or those of one group; throws 404 when there is no such group. */
  list(group?: string): readonly ManagedCluster[] {
    if (group !== undefined) this.groupOf(group);
    return this.#parts.clusters.list().filter((cluster) => group === undefined || keyOf(cluster.group) === keyOf(group));
  }

  find(named: ClusterName): ManagedCluster | undefined {
    return this.#parts.clusters.get(this.keyOf(named));
  }

  /** Throws 404. */
  get(named: ClusterName): ManagedCluster {
    this.groupOf(named.group);
    const cluster = this.find(named);
    if (cluster !== undefined) return cluster;
    throw resourceNotFound(`managedClusters/${named.name}`, named.group);
  }

  put(cluster: ManagedCluster): void {
    this.#parts.clusters.put(this.keyOf(cluster), cluster);
  }

  /** Keeps the end of an operation; it is told also where the disk does not take it, and the error is thrown then. */
  settle(cluster: ManagedCluster): void {
    this.#parts.clusters.settle(this.keyOf(cluster), cluster);
  }

  /** Puts a cluster back to what was there before; never throws. */
  restore(cluster: ManagedCluster, before: ManagedCluster | undefined): void {
    try {
      if (before === undefined) this.#parts.clusters.delete(this.keyOf(cluster));
      else this.settle(before);
    } catch {
      // What is told is what was there before; the next process reads what is on disk, as something that was cut off.
    }
  }

  /** Removes the document, and the group that AKS has made for its nodes. */
  delete(cluster: ManagedCluster): void {
    this.#parts.groups.delete(keyOf(cluster.nodeResourceGroup));
    this.#parts.clusters.delete(this.keyOf(cluster));
  }

  /** Throws 404. */
  groupOf(name: string): ResourceGroup {
    const group = this.#parts.groups.get(keyOf(name));
    if (group === undefined) throw groupNotFound(name);
    return group;
  }

  /** Keeps the group of a cluster's nodes, in which a person has nothing to do. */
  putNodeGroup({ subscription, group, name, nodeResourceGroup, location }: ManagedCluster): void {
    const managedBy = clusterId(subscription, group, name);
    this.#parts.groups.put(keyOf(nodeResourceGroup), { name: nodeResourceGroup, location, managedBy, provisioningState: 'Succeeded' });
  }

  keyOf({ group, name }: ClusterName): string {
    return keyOf(clusterId(this.#parts.subscription, group, name));
  }
}

/** The refusal of what is not in its group; `path` begins with the type. */
export function resourceNotFound(path: string, group: string): Error {
  const message = `The Resource '${containerService}/${path}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  return gatewayError(404, 'ResourceNotFound', message, { headers: { 'x-ms-failure-cause': 'gateway' } });
}
