/** A resource group goes with all the clusters that are in it. */
import { keyOf } from '../arm/resource-id.ts';
import { removeIdentitiesOf, type UserIdentity } from '../identity/user-identities.ts';
import type { Operation } from '../operations/operation.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { checkGroup, type ResourceGroup } from '../resources/groups.ts';
import type { DocumentStore } from '../state/document-store.ts';
import type { ClusterOperations } from './cluster-operations.ts';
import type { ClusterService } from './cluster-service.ts';
import type { ClusterStore } from './cluster-store.ts';
import { inState, isSettled, type ManagedCluster, settledAs } from './managed-cluster.ts';

/** What it works on. */
export interface GroupRemovalParts {
  readonly subscription: string;
  readonly groups: DocumentStore<ResourceGroup>;
  readonly identities: DocumentStore<UserIdentity>;
  readonly store: ClusterStore;
  readonly operations: ClusterOperations;
  readonly runner: OperationRunner;
  readonly service: ClusterService;
}

/** Begins it. Throws 409 while one of the clusters is busy. */
export function removeGroup(group: ResourceGroup, parts: GroupRemovalParts): Operation {
  const { subscription, groups, identities, store, operations, runner, service } = parts;
  checkGroup(group);
  const inside = store.list(group.name);
  for (const cluster of inside) operations.checkIdle(cluster);
  const asBefore = (): void => {
    try {
      groups.settle(keyOf(group.name), { ...group, provisioningState: 'Succeeded' });
    } catch {
      // What is told is what was there before, and so will the next process find it.
    }
  };
  try {
    groups.put(keyOf(group.name), { ...group, provisioningState: 'Deleting' });
    for (const cluster of inside) store.put(inState(cluster, 'Deleting'));
    return runner.start({
      subscription,
      location: group.location,
      resource: keyOf(`/groups/${group.name}`),
      what: 'Deleting',
      work: async () => {
        await service.removeAll(inside);
        removeIdentitiesOf(identities, subscription, group.name);
        groups.delete(keyOf(group.name));
      },
      onFailure: () => {
        asBefore();
        settleAll(
          store,
          store.list(group.name).filter((cluster) => !isSettled(cluster)),
        );
      },
    });
  } catch (error) {
    // A disk that had room for some of it.
    asBefore();
    for (const cluster of inside) store.restore(cluster, cluster);
    throw error;
  }
}

/** Every one, also where the disk takes none of them; throws the last error then. */
function settleAll(store: ClusterStore, [first, ...rest]: readonly ManagedCluster[]): void {
  if (first === undefined) return;
  try {
    store.settle(settledAs(first, 'Failed'));
  } finally {
    settleAll(store, rest);
  }
}

/** Groups that a crash has left in the middle of going are there again, to be deleted again. */
export function recoverGroups(groups: DocumentStore<ResourceGroup>): void {
  for (const group of groups.list()) {
    if (group.provisioningState === 'Deleting') groups.put(keyOf(group.name), { ...group, provisioningState: 'Succeeded' });
  }
}
