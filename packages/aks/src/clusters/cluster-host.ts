/** What makes clusters real. The lab does; tests of the endpoint alone put something smaller behind it. */
import type { ManagedCluster } from './managed-cluster.ts';

/** Whose credentials are asked for. */
export type CredentialKind = 'user' | 'admin';

/** How a client reaches the API server of a cluster: PEM texts and a URL. */
export interface ClusterCredential {
  readonly server: string;
  readonly certificateAuthority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Each method resolves when it is done, and may be called again after it was cut off. */
export interface ClusterHost {
  /** Makes a cluster, or goes on making it. */
  create(cluster: ManagedCluster): Promise<void>;
  /** Brings a cluster from one description to another. */
  change(from: ManagedCluster, to: ManagedCluster): Promise<void>;
  /** Takes it away, with all that it has; what is not there is no error. */
  remove(cluster: ManagedCluster): Promise<void>;
  start(cluster: ManagedCluster): Promise<void>;
  stop(cluster: ManagedCluster): Promise<void>;
  credential(cluster: ManagedCluster, kind: CredentialKind): Promise<ClusterCredential>;
}
