/** Managed clusters as clusters of the lab: pools are nodes, the network policy is the engine. */
import { loadKubeconfig } from '@weir/client';
import {
  type ChangeReport,
  ClusterError,
  changeCluster,
  clusterLayout,
  downCluster,
  noFakes,
  type RotatedSecrets,
  readClusterConfig,
  reportLines,
  restartCluster,
  reviveCluster,
  rotateCertificates,
  type StartOptions,
  stopCluster,
  upCluster,
} from '@weir/lab';
import { providerError } from '../arm/arm-error.ts';
import type { ClusterCredential, ClusterHost, CommandOutcome, CommandWish } from '../clusters/cluster-host.ts';
import type { ManagedCluster } from '../clusters/managed-cluster.ts';
import { runClusterCommand } from './cluster-command.ts';
import { labNetwork } from './lab-network.ts';
import { nodesOf } from './pool-nodes.ts';
import { engineOf, targetOf } from './pool-target.ts';

/** How the lab's own programs are started, and who is told what they do. */
export interface LabHostOptions {
  readonly command: readonly string[];
  readonly onProgress: (text: string) => void;
}

/** Who asks az to wait waits longer than at a terminal. */
const readyMs = 300_000;

/** A host that makes real clusters. */
export class LabClusterHost implements ClusterHost {
  readonly #options: LabHostOptions;
  /** Clusters that were looked after when this process met them first. */
  readonly #revived = new Map<string, Promise<void>>();
  /** Commands that this process runs; others' pods are left over. */
  readonly #commands = new Set<string>();

  constructor(options: LabHostOptions) {
    this.#options = options;
  }

  /**
   * An earlier process may have died with the cluster's supervisor: what still runs is looked after again. Done once for
   * a cluster, before anything else of it. Never rejects.
   */
  revive({ labCluster }: Pick<ManagedCluster, 'labCluster'>): Promise<void> {
    const begun = this.#revived.get(labCluster);
    if (begun !== undefined) return begun;
    const revival = reviveCluster(labCluster, this.#how(undefined)).catch((error: unknown) => this.#options.onProgress(String(error)));
    this.#revived.set(labCluster, revival);
    return revival;
  }

  async create(cluster: ManagedCluster, signal?: AbortSignal): Promise<void> {
    await this.revive(cluster);
    if ((await readClusterConfig(cluster.labCluster)) !== undefined) {
      // An earlier attempt came so far that it is a cluster.
      await this.#become(cluster, signal);
      await restartCluster(cluster.labCluster, this.#how(signal));
      return;
    }
    const namedNodes = nodesOf(cluster);
    const windowsNodes = namedNodes.filter(({ system }) => system === 'windows').length;
    await upCluster({
      ...this.#how(signal),
      name: cluster.labCluster,
      nodes: namedNodes.length - windowsNodes,
      windowsNodes,
      namedNodes,
      engine: engineOf(cluster),
      standIn: true,
      ...labNetwork(cluster.network),
      tokenIssuer: cluster.oidcIssuer?.url,
      fakes: noFakes,
    });
  }

  /** What is there decides about what is to be done, and not what is said to have been there. */
  async change(_from: ManagedCluster, to: ManagedCluster, signal: AbortSignal): Promise<ChangeReport> {
    await this.revive(to);
    return await this.#become(to, signal);
  }

  async remove(cluster: ManagedCluster): Promise<void> {
    // What goes is not brought up for it.
    await this.#revived.get(cluster.labCluster);
    await downCluster(cluster.labCluster);
  }

  /** A cluster that was stopped is brought up again as it was. */
  async start(cluster: ManagedCluster, signal: AbortSignal): Promise<void> {
    await this.revive(cluster);
    await restartCluster(cluster.labCluster, this.#how(signal));
  }

  async stop(cluster: ManagedCluster): Promise<void> {
    await this.revive(cluster);
    await stopCluster(cluster.labCluster);
  }

  rotateClusterCertificates(cluster: ManagedCluster): Promise<void> {
    return this.#rotate(cluster, 'certificates');
  }

  rotateServiceAccountSigningKeys(cluster: ManagedCluster): Promise<void> {
    return this.#rotate(cluster, 'service-account-key');
  }

  async credential({ labCluster }: ManagedCluster): Promise<ClusterCredential> {
    const {
      server,
      certificateAuthority = '',
      clientCertificate = '',
      clientKey = '',
    } = await loadKubeconfig(clusterLayout(labCluster).kubeconfig);
    return { server, certificateAuthority, certificate: clientCertificate, key: clientKey };
  }

  async run({ labCluster }: ManagedCluster, wish: CommandWish): Promise<CommandOutcome> {
    this.#commands.add(wish.id);
    try {
      return await runClusterCommand(clusterLayout(labCluster).kubeconfig, wish, this.#commands);
    } finally {
      this.#commands.delete(wish.id);
    }
  }

  async #become(cluster: ManagedCluster, signal?: AbortSignal): Promise<ChangeReport> {
    const report = await changeCluster(cluster.labCluster, targetOf(cluster), this.#how(signal)).catch((error: unknown) => {
      throw error instanceof ClusterError && error.code === 'undrained' ? providerError(409, 'PodDrainFailure', error.message) : error;
    });
    for (const line of reportLines(report)) this.#options.onProgress(`${cluster.name}: ${line}`);
    return report;
  }

  #how(signal: AbortSignal | undefined): StartOptions {
    return { ...this.#options, timeoutMs: readyMs, ...(signal === undefined ? {} : { signal }) };
  }

  /** Everything that trusts or shows what is rotated is started anew. */
  async #rotate(cluster: ManagedCluster, what: RotatedSecrets): Promise<void> {
    await this.stop(cluster);
    await rotateCertificates(cluster.labCluster, what);
    await restartCluster(cluster.labCluster, this.#how(undefined));
  }
}
