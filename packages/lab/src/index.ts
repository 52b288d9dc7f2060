/**
 * A Kubernetes cluster on one machine from network namespaces.
 *
 * The only public door of the package.
 */
export {
  type ClusterConfig,
  type ClusterEngine,
  type ClusterEngine,
  type ClusterNode,
  type ClusterShape,
  type ClusterShape,
  clusterAddresses,
  listClusters,
  listClusters,
  readClusterConfig,
} from './cluster/cluster-config.ts';
export { ClusterError, ClusterError, type ClusterErrorCode, type ClusterErrorCode } from './cluster/cluster-error.ts';
export { type ClusterLayout, type ClusterLayout, clusterLayout, clusterLayout } from './cluster/cluster-layout.ts';
export {
  type AgentStatus,
  type AgentStatus,
  type ClusterStatus,
  type ClusterStatus,
  clusterStatus,
  clusterStatus,
  type NodeStatus,
  type NodeStatus,
} from './cluster/cluster-status.ts';
export { downCluster, downCluster } from './cluster/down-cluster.ts';
export type { ChildStatus } from './cluster/supervised-child.ts';
export { runSupervisor, runSupervisor, type SupervisorOptions, type SupervisorOptions } from './cluster/supervisor.ts';
export { askSupervisor, type SupervisorStatus, SupervisorUnreachable } from './cluster/supervisor-socket.ts';
export { type UpOptions, type UpOptions, upCluster, upCluster } from './cluster/up-cluster.ts';
export {
  type ControlPlaneOptions,
  type ControlPlaneOptions,
  kubernetesVersion,
  runControlPlane,
  runControlPlane,
} from './control-plane/run-control-plane.ts';
export * from './network/external-host.ts';
export * from './network/netns-names.ts';
export * from './network/node-network.ts';
export * from './network/pod-network.ts';
export * from './network/virtual-network.ts';
export type * from './node/node-options.ts';
export * from './probe/probe-connections.ts';
