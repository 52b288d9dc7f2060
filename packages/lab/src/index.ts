/**
 * A Kubernetes cluster on one machine from network namespaces.
 *
 * The only public door of the package.
 */

export type { AgentStatus } from './cluster/agent-status.ts';
export { lastLogLines, openLog } from './cluster/bounded-log.ts';
export { changeCluster } from './cluster/change/change-cluster.ts';
export { type ChangeReport, type NodeReport, reportLines, type ServiceReport } from './cluster/change/change-report.ts';
export type { ClusterTarget, TargetPool } from './cluster/change/cluster-change.ts';
export {
  type ClusterConfig,
  type ClusterShape,
  listClusters,
  readClusterConfig,
} from './cluster/cluster-config.ts';
export type { ClusterEngine, LinuxDataplane } from './cluster/cluster-engine.ts';
export { ClusterError, type ClusterErrorCode } from './cluster/cluster-error.ts';
export { type ClusterLayout, clusterLayout, runRoot, stateRoot } from './cluster/cluster-layout.ts';
export type { ClusterNode, NamedNode } from './cluster/cluster-node.ts';
export { loadClusterSnapshot, saveClusterSnapshot } from './cluster/cluster-snapshot.ts';
export { type ClusterStatus, clusterStatus, type NodeStatus } from './cluster/cluster-status.ts';
export { downCluster } from './cluster/down-cluster.ts';
export {
  addServingHost,
  listServingHosts,
  removeServingHost,
  type ServedPort,
  type ServingHost,
} from './cluster/external-hosts.ts';
export { flowLogsOf, type NodeFlowLog } from './cluster/flow-logs.ts';
export { endProcess } from './cluster/process-identity.ts';
export { lockHolder, takeProcessLock } from './cluster/process-lock.ts';
export { restartCluster, reviveCluster } from './cluster/restart-cluster.ts';
export { type RotatedSecrets, rotateCertificates } from './cluster/rotate-certificates.ts';
export type { StartOptions } from './cluster/start-cluster.ts';
export { stopCluster } from './cluster/stop-cluster.ts';
export type { ChildStatus } from './cluster/supervised-child.ts';
export { runSupervisor, type SupervisorOptions } from './cluster/supervisor.ts';
export { askSupervisor, type SupervisorStatus, SupervisorUnreachable } from './cluster/supervisor-socket.ts';
export { type UpOptions, upCluster } from './cluster/up-cluster.ts';
export { type ControlPlaneOptions, kubernetesVersion, runControlPlane } from './control-plane/run-control-plane.ts';
export { type FakeCounts, noFakes, planFakes } from './fakes/fake-counts.ts';
export * from './images/built-in-images.ts';
export type * from './images/program.ts';
export * from './network/external-host.ts';
export * from './network/netns-names.ts';
export * from './network/network-shape.ts';
export * from './network/node-network.ts';
export * from './network/pod-network.ts';
export * from './network/virtual-network.ts';
export type * from './node/node-options.ts';
export * from './node/run-node.ts';
export { createCertificateAuthority, issueServerCertificate, type KeyPairPem } from './pki/certificate-authority.ts';
export { writePrivateFile } from './pki/private-file.ts';
export type { ProbeAnswer } from './probe/probe-attempt.ts';
export * from './probe/probe-connections.ts';
