/**
 * ARM-compatible managed clusters on top of the lab.
 *
 * The only public door of the package.
 */
export type { ClusterCredential, ClusterHost, CommandOutcome, CredentialKind } from './clusters/cluster-host.ts';
export type { ManagedCluster } from './clusters/managed-cluster.ts';
export { type Arm, type ArmOptions, startArm } from './start-arm.ts';
