/** What makes clusters real. The lab does; tests of the endpoint alone put something smaller behind it. */
import type { ArchivedFile } from '@weir/kube';
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

/** A command for a pod of a cluster. */
export interface CommandWish {
  /** Unique; lower-case letters and digits. */
  readonly id: string;
  /** For a shell. */
  readonly command: string;
  /** Beside which it runs. */
  readonly files: readonly ArchivedFile[];
}

/** What came of it; `logs` has what it said on both streams. */
export interface CommandOutcome {
  readonly exitCode: number;
  readonly logs: string;
}

/**
 * Each method resolves when it is done, and may be called again after it was cut off. A signal asks to stop where the
 * work is; a host that stops rejects with its reason, and one that has only the rest to do may finish.
 */
export interface ClusterHost {
  /** Makes a cluster, or whatever is left of one into what the description says. */
  create(cluster: ManagedCluster, signal: AbortSignal): Promise<void>;
  /** Brings a cluster from one description to another; what it answers is shown in the operation. */
  change(from: ManagedCluster, to: ManagedCluster, signal: AbortSignal): Promise<unknown>;
  /** Takes it away, with all that it has; what is not there is no error. */
  remove(cluster: ManagedCluster): Promise<void>;
  start(cluster: ManagedCluster, signal: AbortSignal): Promise<void>;
  stop(cluster: ManagedCluster): Promise<void>;
  /** Gives every party of the cluster another certificate, from another authority; those before are worth nothing. */
  rotateClusterCertificates(cluster: ManagedCluster): Promise<void>;
  /** Signs tokens of service accounts with another key; those before are worth nothing. */
  rotateServiceAccountSigningKeys(cluster: ManagedCluster): Promise<void>;
  credential(cluster: ManagedCluster, kind: CredentialKind): Promise<ClusterCredential>;
  /** Runs a command; rejects with the reason when it could not be run. */
  run(cluster: ManagedCluster, wish: CommandWish): Promise<CommandOutcome>;
}
