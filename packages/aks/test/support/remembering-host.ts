/** A host of clusters without clusters: it remembers what it was asked, and can be made slow or failing. */
import type { CommandOutcome, CommandWish } from '../../src/clusters/cluster-host.ts';
import type { ClusterCredential, ClusterHost, ManagedCluster } from '../../src/index.ts';
import { nodesOf } from '../../src/lab/pool-nodes.ts';

/** Remembers. */
export class RememberingHost implements ClusterHost {
  readonly asked: string[] = [];
  readonly there = new Set<string>();
  /** Clusters as they were asked for, by name. */
  readonly clusters = new Map<string, ManagedCluster>();
  /** What the next work waits for. */
  gate: Promise<void> = Promise.resolve();
  /** What the next work fails with. */
  failure: Error | undefined;

  async create(cluster: ManagedCluster, signal: AbortSignal): Promise<void> {
    const { name } = cluster;
    this.clusters.set(name, cluster);
    await this.#work(`create ${name}`, signal);
    this.there.add(name);
  }

  async change(from: ManagedCluster, to: ManagedCluster, signal: AbortSignal): Promise<void> {
    nodesOf(to);
    const sizes = (cluster: ManagedCluster): string => cluster.pools.map(({ name, count }) => `${name}:${count}`).join(' ');
    await this.#work(`change ${to.name} ${from.network.networkPolicy}→${to.network.networkPolicy} ${sizes(from)} → ${sizes(to)}`, signal);
  }

  async remove({ name }: ManagedCluster): Promise<void> {
    await this.#work(`remove ${name}`);
    this.there.delete(name);
  }

  async start({ name }: ManagedCluster): Promise<void> {
    await this.#work(`start ${name}`);
  }

  async stop({ name }: ManagedCluster): Promise<void> {
    await this.#work(`stop ${name}`);
  }

  async rotateClusterCertificates({ name }: ManagedCluster): Promise<void> {
    await this.#work(`rotate ${name} certificates`);
  }

  async rotateServiceAccountSigningKeys({ name }: ManagedCluster): Promise<void> {
    await this.#work(`rotate ${name} keys`);
  }

  async credential(_cluster: ManagedCluster, kind: string): Promise<ClusterCredential> {
    return Promise.resolve({ server: 'https://127.0.0.1:6443', certificateAuthority: 'authority', certificate: kind, key: 'key' });
  }

  /** Says the command and the names of its files, and ends with the number behind `exit`. */
  async run({ name }: ManagedCluster, { command, files }: CommandWish): Promise<CommandOutcome> {
    await this.#work(`run ${name} ${command}`);
    const said = files.map((file) => `${file.name}=${file.content.toString()}`);
    return { exitCode: Number(/exit (\d+)/.exec(command)?.[1] ?? 0), logs: [command, ...said].join('\n') };
  }

  async #work(text: string, signal?: AbortSignal): Promise<void> {
    this.asked.push(text);
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    await Promise.race([this.gate, aborted]);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }
}
