/**
 * The managed clusters of the subscription: what may be asked of which, in which state, and the operations that do it.
 * Nothing is stored and nothing begins before all rules have been asked.
 */
import { randomUUID } from 'node:crypto';
import { type JsonObject, objectAt, textAt } from '@weir/kube';
import { gatewayError, providerError } from '../arm/arm-error.ts';
import { containerService } from '../arm/resource-id.ts';
import type { FindIdentity } from '../identity/user-identities.ts';
import type { Operation } from '../operations/operation.ts';
import { checkGroup, type ResourceGroup } from '../resources/groups.ts';
import type { ClusterHost } from './cluster-host.ts';
import type { ClusterOperations } from './cluster-operations.ts';
import { checkPowerChange, checkRuns } from './cluster-power.ts';
import type { ClusterName, ClusterStore } from './cluster-store.ts';
import { hasWindowsPools, inState, isMade, type ManagedCluster } from './managed-cluster.ts';
import { networkTransition } from './network-transition.ts';
import { type ClusterContext, readCluster } from './read-cluster.ts';

/** What the service is made of. */
export interface ClusterServiceParts {
  readonly subscription: string;
  readonly tenant: string;
  readonly store: ClusterStore;
  readonly operations: ClusterOperations;
  readonly host: ClusterHost;
  readonly findIdentity: FindIdentity;
  readonly isProviderRegistered: () => boolean;
  /** Whether a preview feature counts: registered, and the provider registered after it. */
  readonly hasFeature: (name: string) => boolean;
}

/** A cluster and the operation that is under way on it. */
export interface BegunChange {
  readonly cluster: ManagedCluster;
  readonly operation: Operation;
  readonly isNew: boolean;
}

/** Changes clusters. */
export class ClusterService {
  readonly #parts: ClusterServiceParts;

  constructor(parts: ClusterServiceParts) {
    this.#parts = parts;
  }

  /** Makes a cluster, or changes one. */
  put(named: ClusterName, body: JsonObject, apiVersion: string): BegunChange {
    const { store, operations } = this.#parts;
    const group = store.groupOf(named.group);
    checkGroup(group);
    this.#checkProvider();
    checkClusterName(named.name);
    const current = store.find(named);
    if (current !== undefined) {
      operations.checkIdle(current);
      checkRuns(current);
    }
    const wished = readCluster(body, this.#contextOf(named, group, { apiVersion, current }));
    if (current !== undefined) checkChange(current, wished, apiVersion);
    const what = stateOf(current, wished);
    const cluster = inState(wished, what);
    const operation = operations.begin(cluster, {
      what,
      work: async (signal) => {
        const result = await this.#bring(current, cluster, signal);
        store.put(inState(cluster, 'Succeeded'));
        return result;
      },
    });
    return { cluster, operation, isNew: current === undefined };
  }

  /** Takes a cluster away; undefined when there is none. */
  remove(named: ClusterName): Operation | undefined {
    const { store, operations } = this.#parts;
    store.groupOf(named.group);
    const current = store.find(named);
    if (current === undefined) return undefined;
    operations.checkIdle(current);
    const cluster = inState(current, 'Deleting');
    return operations.begin(cluster, { what: 'Deleting', work: () => this.#takeAway(cluster) });
  }

  /** Begins to bring a cluster from what it is to what is wished; `changing` is what it is in the meantime. */
  beginChange(
    current: ManagedCluster,
    changing: ManagedCluster,
    { what, wished }: { readonly what: string; readonly wished: ManagedCluster },
  ): Operation {
    const { store, operations } = this.#parts;
    checkRuns(current);
    return operations.begin(
      { ...changing, provisioningState: 'Updating' },
      {
        what,
        work: async (signal) => {
          const result = await this.#bring(current, wished, signal);
          store.put(inState(wished, 'Succeeded'));
          return result;
        },
      },
    );
  }

  /** Begins work on a cluster that stays what it is. */
  beginWork(named: ClusterName, work: (cluster: ManagedCluster) => Promise<void>): Operation {
    const { store, operations } = this.#parts;
    const current = operations.getIdle(named);
    checkRuns(current);
    const cluster = inState(current, 'Updating');
    return operations.begin(cluster, {
      what: 'Updating',
      work: async () => {
        await work(cluster);
        store.put(inState(cluster, 'Succeeded'));
      },
    });
  }

  /** Starts or stops all of a cluster. */
  setPower(named: ClusterName, powerState: ManagedCluster['powerState']): Operation {
    const { host, store, operations } = this.#parts;
    const current = operations.getIdle(named);
    const isStart = powerState === 'Running';
    checkPowerChange(current, powerState);
    const cluster: ManagedCluster = { ...current, provisioningState: isStart ? 'Starting' : 'Stopping' };
    return operations.begin(cluster, {
      what: cluster.provisioningState,
      work: async (signal) => {
        await (isStart ? host.start(cluster, signal) : host.stop(cluster));
        store.put(inState({ ...cluster, powerState }, 'Succeeded'));
      },
    });
  }

  /** Replaces the tags. */
  putTags(named: ClusterName, tags: Readonly<Record<string, string>>): ManagedCluster {
    const cluster = { ...this.#parts.operations.getIdle(named), tags, eTag: randomUUID() };
    this.#parts.store.put(cluster);
    return cluster;
  }

  /** Tells a cluster that its service principal is another one. Throws 400 for a cluster that has none. */
  resetServicePrincipal(named: ClusterName, clientId: string): Operation {
    const current = this.#parts.operations.getIdle(named);
    if (current.identity.shown !== undefined) {
      const message = 'The cluster has a managed identity and no service principal that could be reset.';
      throw providerError(400, 'InvalidParameter', message, { target: 'servicePrincipalProfile' });
    }
    if (clientId === '') {
      throw providerError(400, 'InvalidParameter', 'The value of parameter clientId is invalid: it is empty.', { target: 'clientId' });
    }
    const wished = { ...current, identity: { ...current.identity, clientId } };
    return this.beginChange(current, wished, { what: 'Updating', wished });
  }

  /** Takes away all clusters of a group, one after the other: each is gone, or as it was and Failed. */
  async removeAll(clusters: readonly ManagedCluster[]): Promise<void> {
    for (const cluster of clusters) await this.#takeAway(cluster);
  }

  async #takeAway(cluster: ManagedCluster): Promise<void> {
    await this.#parts.host.remove(cluster);
    this.#parts.store.delete(cluster);
  }

  /** What was cut off is completed by making the whole anew from the description. */
  async #bring(current: ManagedCluster | undefined, cluster: ManagedCluster, signal: AbortSignal): Promise<unknown> {
    const { host, store } = this.#parts;
    if (current !== undefined && isMade(current)) return await host.change(current, cluster, signal);
    await host.create(cluster, signal);
    store.putNodeGroup(cluster);
    return undefined;
  }

  #contextOf(
    named: ClusterName,
    group: ResourceGroup,
    { apiVersion, current }: { readonly apiVersion: string; readonly current: ManagedCluster | undefined },
  ): ClusterContext {
    const { subscription, tenant, hasFeature, findIdentity } = this.#parts;
    return {
      subscription,
      tenant,
      group: group.name,
      groupLocation: group.location,
      name: named.name,
      apiVersion,
      hasWindowsPolicyFeature: hasFeature('WindowsNetworkPolicyPreview'),
      findIdentity,
      current,
    };
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
}

/** Throws 400 for what may not become of a cluster. */
function checkChange(current: ManagedCluster, wished: ManagedCluster, apiVersion: string): void {
  const transition = networkTransition({
    from: current.network,
    to: wished.network,
    apiVersion,
    kubernetesVersion: current.kubernetesVersion,
    hasWindowsPools: hasWindowsPools(wished.pools),
    nodeDisruptionPolicy: textAt(objectAt(current.more, 'nodeDisruptionProfile'), 'nodeDisruptionPolicy'),
  });
  if (transition.kind === 'refused') throw transition.error;
}

function stateOf(current: ManagedCluster | undefined, wished: ManagedCluster): 'Creating' | 'Upgrading' | 'Updating' {
  if (current === undefined) return 'Creating';
  const isUpgrade = (name: string): boolean => {
    const [before, after] = [current, wished].map(({ pools }) => pools.find((pool) => pool.name === name)?.currentOrchestratorVersion);
    return before !== undefined && before !== after;
  };
  const upgrades = current.currentKubernetesVersion !== wished.currentKubernetesVersion || wished.pools.some(({ name }) => isUpgrade(name));
  return upgrades ? 'Upgrading' : 'Updating';
}

function checkClusterName(name: string): void {
  if (/^[a-zA-Z0-9]([-_a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/.test(name)) return;
  throw providerError(
    400,
    'InvalidParameter',
    `The value of parameter resourceName is invalid: '${name.slice(0, 80)}'. A name has 1 to 63 letters, digits, '-' and '_', and begins and ends with a letter or digit.`,
    { target: 'resourceName' },
  );
}
