/** Managed clusters as clusters of the lab: pools are nodes, the network policy is the engine. */
import { loadKubeconfig } from '@weir/client';
import {
  type ClusterEngine,
  changeNodes,
  clusterLayout,
  downCluster,
  type NamedNode,
  noFakes,
  type RotatedSecrets,
  rotateCertificates,
  stopCluster,
  upCluster,
} from '@weir/lab';
import type { ClusterCredential, ClusterHost } from '../clusters/cluster-host.ts';
import type { ManagedCluster } from '../clusters/managed-cluster.ts';
import { labNetwork } from './lab-network.ts';
import { nodesOf, nodesOfPool } from './pool-nodes.ts';

/** How the lab's own programs are started, and who is told what they do. */
export interface LabHostOptions {
  readonly command: readonly string[];
  readonly onProgress: (text: string) => void;
}

/** A host that makes real clusters. */
export class LabClusterHost implements ClusterHost {
  readonly #options: LabHostOptions;

  constructor(options: LabHostOptions) {
    this.#options = options;
  }

  async create(cluster: ManagedCluster, signal?: AbortSignal): Promise<void> {
    const namedNodes = nodesOf(cluster);
    const windowsNodes = namedNodes.filter(({ system }) => system === 'windows').length;
    await upCluster({
      ...this.#options,
      ...(signal === undefined ? {} : { signal }),
      name: cluster.labCluster,
      nodes: namedNodes.length - windowsNodes,
      windowsNodes,
      namedNodes,
      engine: engineOf(cluster),
      standIn: true,
      ...labNetwork(cluster.network),
      fakes: noFakes,
    });
  }

  async change(from: ManagedCluster, to: ManagedCluster): Promise<void> {
    const [before, after] = [nodesOf(from), nodesOf(to)];
    const isKept = (node: NamedNode): boolean => !replacedPools(from, to).some(({ name }) => name === node.name);
    const leave = before.filter((node) => !isKept(node) || !after.some(({ name }) => name === node.name));
    const join = after.filter((node) => !isKept(node) || !before.some(({ name }) => name === node.name));
    const isOther = engineOf(from) !== engineOf(to);
    if (leave.length === 0 && join.length === 0 && !isOther) return;
    await changeNodes(to.labCluster, { leave: leave.map(({ name }) => name), join, ...(isOther ? { engine: engineOf(to) } : {}) });
  }

  async remove({ labCluster }: ManagedCluster): Promise<void> {
    await downCluster(labCluster);
  }

  /** A cluster that was stopped is brought up again as it was. */
  start(cluster: ManagedCluster, signal: AbortSignal): Promise<void> {
    return this.create(cluster, signal);
  }

  stop({ labCluster }: ManagedCluster): Promise<void> {
    return stopCluster(labCluster);
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

  /** Everything that trusts or shows what is rotated is started anew. */
  async #rotate(cluster: ManagedCluster, what: RotatedSecrets): Promise<void> {
    await stopCluster(cluster.labCluster);
    await rotateCertificates(cluster.labCluster, what);
    await this.create(cluster);
  }
}

/** Nodes that another engine, another image or another version replaces. */
function replacedPools(from: ManagedCluster, to: ManagedCluster): readonly NamedNode[] {
  const isReplaced = (name: string): boolean => {
    const [before, after] = [from, to].map(({ pools }) => pools.find((pool) => pool.name === name));
    if (before === undefined || after === undefined) return false;
    return (
      engineOf(from) !== engineOf(to) ||
      before.nodeImageVersion !== after.nodeImageVersion ||
      before.currentOrchestratorVersion !== after.currentOrchestratorVersion
    );
  };
  return to.pools.filter(({ name }) => isReplaced(name)).flatMap((pool) => nodesOfPool(to, pool));
}

function engineOf({ network }: ManagedCluster): ClusterEngine {
  return network.networkPolicy as ClusterEngine;
}
