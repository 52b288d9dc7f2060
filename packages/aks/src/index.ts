/**
 * ARM-compatible managed clusters on top of the lab.
 *
 * The only public door of the package.
 */
export type { ClusterCredential, ClusterHost, CredentialKind } from './clusters/cluster-host.ts';
export type { ManagedCluster } from './clusters/managed-cluster.ts';
export { endArm, ensureArm, type RunningArm, removeArm } from './process/ensure-arm.ts';
export { type RunArmOptions, runArm } from './process/run-arm.ts';
export { type Arm, type ArmOptions, startArm } from './start-arm.ts';
