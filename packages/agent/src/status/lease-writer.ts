/** Writes the node's report into its Lease. */
import { isNotFound, type KubeClient, leasesPath, nodesPath } from '@weir/client';
import { agentLeaseName, agentLeaseNamespace, makeAgentLease, type NodeReport } from '@weir/kube';

/** The Lease of one node. */
export class LeaseWriter {
  readonly #client: KubeClient;
  readonly #node: string;
  readonly #durationSeconds: number;

  /** The report counts for `durationSeconds` after each write. */
  constructor(client: KubeClient, node: string, durationSeconds: number) {
    this.#client = client;
    this.#node = node;
    this.#durationSeconds = durationSeconds;
  }

  /** Writes; throws what the client throws. */
  async write(report: NodeReport, signal: AbortSignal): Promise<void> {
    const parts = { node: this.#node, report, durationSeconds: this.#durationSeconds };
    const path = leasesPath(agentLeaseNamespace);
    try {
      const lease = makeAgentLease({ ...parts, nowMs: Date.now() });
      await this.#client.patch(path, agentLeaseName(this.#node), lease, { type: 'merge', signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const nodeUid = await this.#nodeUid(signal);
      const lease = makeAgentLease({ ...parts, nowMs: Date.now(), ...(nodeUid === undefined ? {} : { nodeUid }) });
      await this.#client.create(path, lease, { signal });
    }
  }

  /** Who may not read nodes makes a Lease that outlives its node; readers pass it over. */
  async #nodeUid(signal: AbortSignal): Promise<string | undefined> {
    try {
      return (await this.#client.get(nodesPath, this.#node, { signal })).metadata.uid;
    } catch {
      return undefined;
    }
  }
}
