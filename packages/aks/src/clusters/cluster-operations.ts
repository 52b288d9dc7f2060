/** Operations on clusters: one at a time on each, told of in its state, repeatable after a crash, and aborted on request. */
import { providerError } from '../arm/arm-error.ts';
import type { Operation } from '../operations/operation.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { checkGroup } from '../resources/groups.ts';
import type { ClusterName, ClusterStore } from './cluster-store.ts';
import { isSettled, type ManagedCluster, settledAs } from './managed-cluster.ts';

/** What an operation does. */
interface ClusterWork {
  /** E.g. `Creating`, or `nodepool1 - Scaling` for what concerns one pool. */
  readonly what: string;
  readonly work: (signal: AbortSignal) => Promise<unknown>;
}

/** Begins, keeps apart and aborts them. */
export class ClusterOperations {
  readonly #store: ClusterStore;
  readonly #runner: OperationRunner;

  constructor(store: ClusterStore, runner: OperationRunner) {
    this.#store = store;
    this.#runner = runner;
  }

  /** What an earlier process left in the middle has failed; asking again repeats it. */
  recover(): void {
    const interrupted = new Set(this.#runner.recover());
    for (const cluster of this.#store.list()) {
      // The end of an operation and that of its cluster are two documents: a crash may lie between them.
      if (interrupted.has(this.#store.keyOf(cluster)) || !isSettled(cluster)) this.#store.put(settledAs(cluster, 'Failed'));
    }
  }

  /** Keeps `cluster`, which tells of what is under way, and begins the work; where it cannot begin, all is as before. */
  begin(cluster: ManagedCluster, { what, work }: ClusterWork): Operation {
    const before = this.#store.find(cluster);
    this.#store.put(cluster);
    try {
      return this.#runner.start({
        subscription: cluster.subscription,
        location: cluster.location,
        resource: this.#store.keyOf(cluster),
        what,
        work,
        onFailure: (state) => this.#store.settle(settledAs(this.#store.find(cluster) ?? cluster, state)),
      });
    } catch (error) {
      // A disk that had room for the one and not for the other.
      this.#store.restore(cluster, before);
      throw error;
    }
  }

  /** A cluster on which nothing is under way. Throws 404 and 409. */
  getIdle(named: ClusterName): ManagedCluster {
    const cluster = this.#store.get(named);
    this.checkIdle(cluster);
    return cluster;
  }

  /** Throws 409 while something is under way on it, or on its group. */
  checkIdle(cluster: ManagedCluster): void {
    checkGroup(this.#store.groupOf(cluster.group));
    const running = this.#runner.runningOn(this.#store.keyOf(cluster));
    if (running === undefined) return;
    const kind = running.what === 'Creating' ? 'create' : running.what === 'Deleting' ? 'delete' : 'update';
    throw providerError(
      409,
      'OperationNotAllowed',
      `Operation is not allowed because there's an in progress ${kind} managed cluster operation (operation ID: ${running.id}) on the managed cluster started on UTC ${running.startTime.slice(0, 19)}Z. Please wait for it to finish before starting a new operation. You can also use 'az aks operation-abort ...' to abort the ongoing operation.`,
    );
  }

  /**
   * Begins to stop what is under way, on the cluster or on one pool of it. Nothing is rolled back: what it has done
   * stays, and the same request completes it. Throws 400 when nothing is under way there.
   */
  abort(cluster: ManagedCluster, pool?: string): Operation {
    const running = this.#runner.runningOn(this.#store.keyOf(cluster));
    const concerned = running !== undefined && (pool === undefined || running.what.startsWith(`${pool} - `));
    if (!concerned) {
      const where = pool === undefined ? 'the managed cluster' : `the agent pool ${pool}`;
      throw providerError(400, 'OperationNotAllowed', `There is no operation in progress on ${where} that could be aborted.`);
    }
    return this.#runner.start({
      subscription: cluster.subscription,
      location: cluster.location,
      resource: `abort ${running.id}`,
      what: 'Canceling',
      work: async () => {
        const ended = await this.#runner.cancel(running.id);
        if (ended === undefined || ended.status === 'Canceled') return;
        throw providerError(
          409,
          'OperationNotAllowed',
          `The operation ${running.id} ended before it could be aborted: it is ${ended.status}.`,
        );
      },
      onFailure: () => undefined,
    });
  }
}
