/**
 * The managed clusters of the subscription: what may be asked of which, in which state, and the operations that do it.
 * Nothing is stored and nothing begins before all rules have been asked.
 */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@weir/kube';
import { type ArmError, gatewayError, providerError } from '../arm/arm-error.ts';
import { clusterId, containerService, keyOf } from '../arm/resource-id.ts';
import type { Operation } from '../operations/operation.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { groupNotFound, type ResourceGroup } from '../resources/groups.ts';
import type { DocumentStore } from '../state/document-store.ts';
import type { ClusterHost } from './cluster-host.ts';
import { hasWindowsPools, type ManagedCluster } from './managed-cluster.ts';
import { networkTransition } from './network-transition.ts';
import { type ClusterContext, readCluster } from './read-cluster.ts';

/** What the service is made of. */
export interface ClusterServiceParts {
  readonly subscription: string;
  readonly tenant: string;
  readonly clusters: DocumentStore<ManagedCluster>;
  readonly groups: DocumentStore<ResourceGroup>;
  readonly operations: OperationRunner;
  readonly host: ClusterHost;
  readonly isProviderRegistered: () => boolean;
  /** Whether a preview feature counts: registered, and the provider registered after it. */
  readonly hasFeature: (name: string) => boolean;
}

/** Names a cluster as a path does. */
export interface ClusterName {
  readonly group: string;
  readonly name: string;
}

/** A cluster and the operation that is under way on it. */
export interface BegunChange {
  readonly cluster: ManagedCluster;
  readonly operation: Operation;
  readonly isNew: boolean;
}

/** Answers and changes clusters. */
export class ClusterService {
  readonly #parts: ClusterServiceParts;

  constructor(parts: ClusterServiceParts) {
    this.#parts = parts;
  }

  /** What an earlier process left in the middle has failed; asking again repeats it. */
  recover(): void {
    const interrupted = new Set(this.#parts.operations.recover());
    for (const cluster of this.#parts.clusters.list()) {
      if (interrupted.has(this.#keyOf(cluster))) this.#put(inState(cluster, 'Failed'));
    }
  }

  /** All, or those of one group. */
  list(group?: string): readonly ManagedCluster[] {
    if (group !== undefined) this.#groupOf(group);
    return this.#parts.clusters.list().filter((cluster) => group === undefined || keyOf(cluster.group) === keyOf(group));
  }

  find({ group, name }: ClusterName): ManagedCluster | undefined {
    return this.#parts.clusters.get(this.#keyOf({ group, name }));
  }

  /** Throws 404. */
  get(named: ClusterName): ManagedCluster {
    this.#groupOf(named.group);
    const cluster = this.find(named);
    if (cluster !== undefined) return cluster;
    throw gatewayError(
      404,
      'ResourceNotFound',
      `The Resource '${containerService}/managedClusters/${named.name}' under resource group '${named.group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
      { headers: { 'x-ms-failure-cause': 'gateway' } },
    );
  }

  /** Makes a cluster, or changes one. */
  put(named: ClusterName, body: JsonObject, apiVersion: string): BegunChange {
    const group = this.#groupOf(named.group);
    this.#checkProvider();
    checkClusterName(named.name);
    const current = this.find(named);
    if (current !== undefined) this.#checkIdle(current);
    const wished = readCluster(body, this.#contextOf(named, group, apiVersion, current));
    const cluster = current === undefined ? wished : judged(current, wished, apiVersion);
    this.#put(cluster);
    const operation = this.#begin(cluster, current === undefined ? 'Creating' : 'Updating', async () => {
      if (current === undefined || current.provisioningState === 'Failed') await this.#parts.host.create(cluster);
      else await this.#parts.host.change(current, cluster);
      this.#put(inState(cluster, 'Succeeded'));
    });
    return { cluster, operation, isNew: current === undefined };
  }

  /** Takes a cluster away; undefined when there is none. */
  remove(named: ClusterName): Operation | undefined {
    this.#groupOf(named.group);
    const current = this.find(named);
    if (current === undefined) return undefined;
    this.#checkIdle(current);
    const cluster = inState(current, 'Deleting');
    this.#put(cluster);
    return this.#begin(cluster, 'Deleting', async () => {
      await this.#parts.host.remove(cluster);
      this.#parts.clusters.delete(this.#keyOf(cluster));
    });
  }

  /** A cluster on which nothing is under way. Throws 404 and 409. */
  getIdle(named: ClusterName): ManagedCluster {
    const cluster = this.get(named);
    this.#checkIdle(cluster);
    return cluster;
  }

  /** Begins to bring a cluster from what it is to what is wished; `changing` is what it is in the meantime. */
  beginChange(
    current: ManagedCluster,
    changing: ManagedCluster,
    { what, wished }: { readonly what: string; readonly wished: ManagedCluster },
  ): Operation {
    const cluster: ManagedCluster = { ...changing, provisioningState: 'Updating' };
    this.#put(cluster);
    return this.#begin(cluster, what, async () => {
      await this.#parts.host.change(current, wished);
      this.#put(inState(wished, 'Succeeded'));
    });
  }

  /** Starts or stops all of a cluster. Asking for what is already so is an operation that is done at once. */
  setPower(named: ClusterName, powerState: ManagedCluster['powerState']): Operation {
    const current = this.getIdle(named);
    const { host } = this.#parts;
    const cluster: ManagedCluster = { ...current, provisioningState: powerState === 'Running' ? 'Starting' : 'Stopping' };
    this.#put(cluster);
    return this.#begin(cluster, cluster.provisioningState, async () => {
      await (powerState === 'Running' ? host.start(cluster) : host.stop(cluster));
      this.#put(inState({ ...cluster, powerState, pools: cluster.pools.map((pool) => ({ ...pool, powerState })) }, 'Succeeded'));
    });
  }

  /** Replaces the tags. */
  putTags(named: ClusterName, tags: Readonly<Record<string, string>>): ManagedCluster {
    const current = this.get(named);
    this.#checkIdle(current);
    const cluster = { ...current, tags, eTag: randomUUID() };
    this.#put(cluster);
    return cluster;
  }

  /** Takes a group away with its clusters. Throws 409 while one of them is busy. */
  removeGroup(group: ResourceGroup): Operation {
    const inside = this.list(group.name);
    for (const cluster of inside) this.#checkIdle(cluster);
    const { groups, operations, host, clusters, subscription } = this.#parts;
    const put = (provisioningState: ResourceGroup['provisioningState']): void =>
      groups.put(keyOf(group.name), { ...group, provisioningState });
    put('Deleting');
    for (const cluster of inside) this.#put(inState(cluster, 'Deleting'));
    const remove = async (cluster: ManagedCluster): Promise<void> => {
      await host.remove(cluster);
      clusters.delete(this.#keyOf(cluster));
    };
    return operations.start({
      subscription,
      location: group.location,
      resource: keyOf(`/groups/${group.name}`),
      what: 'Deleting',
      work: async () => {
        for (const cluster of inside) await remove(cluster);
        groups.delete(keyOf(group.name));
      },
      onFailure: () => put('Succeeded'),
    });
  }

  #begin(cluster: ManagedCluster, state: string, work: () => Promise<unknown>): Operation {
    return this.#parts.operations.start({
      subscription: cluster.subscription,
      location: cluster.location,
      resource: this.#keyOf(cluster),
      what: state,
      work,
      onFailure: () => this.#put(inState(cluster, 'Failed')),
    });
  }

  #contextOf(named: ClusterName, group: ResourceGroup, apiVersion: string, current: ManagedCluster | undefined): ClusterContext {
    const { subscription, tenant, hasFeature } = this.#parts;
    return {
      subscription,
      tenant,
      group: group.name,
      groupLocation: group.location,
      name: named.name,
      apiVersion,
      hasWindowsPolicyFeature: hasFeature('WindowsNetworkPolicyPreview'),
      current,
    };
  }

  #checkIdle(cluster: ManagedCluster): void {
    const running = this.#parts.operations.runningOn(this.#keyOf(cluster));
    if (running === undefined) return;
    const kind = running.what === 'Creating' ? 'create' : running.what === 'Deleting' ? 'delete' : 'update';
    throw providerError(
      409,
      'OperationNotAllowed',
      `Operation is not allowed because there's an in progress ${kind} managed cluster operation (operation ID: ${running.id}) on the managed cluster started on UTC ${running.startTime.slice(0, 19)}Z. Please wait for it to finish before starting a new operation. You can also use 'az aks operation-abort ...' to abort the ongoing operation.`,
    );
  }

  #checkProvider(): void {
    if (this.#parts.isProviderRegistered()) return;
    throw gatewayError(
      409,
      'MissingSubscriptionRegistration',
      `The subscription is not registered to use namespace '${containerService}'. See https://aka.ms/rps-not-found for how to register subscriptions.`,
      { target: containerService },
    );
  }

  #groupOf(name: string): ResourceGroup {
    const group = this.#parts.groups.get(keyOf(name));
    if (group === undefined) throw groupNotFound(name);
    return group;
  }

  #put(cluster: ManagedCluster): void {
    this.#parts.clusters.put(this.#keyOf(cluster), cluster);
  }

  #keyOf({ group, name }: ClusterName): string {
    return keyOf(clusterId(this.#parts.subscription, group, name));
  }
}

/** The cluster as it may become, from what it is. Throws 400. */
function judged(current: ManagedCluster, wished: ManagedCluster, apiVersion: string): ManagedCluster {
  const transition = networkTransition({
    from: current.network,
    to: wished.network,
    apiVersion,
    kubernetesVersion: current.kubernetesVersion,
    hasWindowsPools: hasWindowsPools(wished.pools),
  });
  if (transition.kind === 'refused') throw transition.error;
  return inState(wished, 'Updating');
}

/** A cluster and its pools in one state. */
function inState(cluster: ManagedCluster, state: 'Creating' | 'Updating' | 'Deleting' | 'Succeeded' | 'Failed'): ManagedCluster {
  return { ...cluster, provisioningState: state, pools: cluster.pools.map((pool) => ({ ...pool, provisioningState: state })) };
}

function checkClusterName(name: string): void {
  const problem: ArmError | undefined = /^[a-zA-Z0-9]([-_a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/.test(name)
    ? undefined
    : providerError(
        400,
        'InvalidParameter',
        `The value of parameter resourceName is invalid: '${name.slice(0, 80)}'. A name has 1 to 63 letters, digits, '-' and '_', and begins and ends with a letter or digit.`,
        { target: 'resourceName' },
      );
  if (problem !== undefined) throw problem;
}
