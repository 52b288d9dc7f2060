/**
 * Where the files of a cluster lie.
 *
 * ```
 *   <state>/clusters/<name>/   cluster.json  pki/  store/  kubeconfig  logs/  nodes/<node>/
 *   <run>/<name>/              supervisor.sock  supervisor.lock  supervisor.started  pids/  <node>.sock  <node>-gate.sock  <node>-dns.sock  <node>-hns.sock
 * ```
 * The state survives a reboot; what is in the run directory is about living processes.
 */
import { join } from 'node:path';

/** Root of what is kept: `WEIR_STATE_DIR`, or /var/lib/weir where that is empty or not there. */
export function stateRoot(): string {
  return named('WEIR_STATE_DIR') ?? '/var/lib/weir';
}

/** Root of sockets and process files: `WEIR_RUN_DIR`, or /run/weir. */
export function runRoot(): string {
  return named('WEIR_RUN_DIR') ?? '/run/weir';
}

function named(variable: string): string | undefined {
  const value = process.env[variable];
  return value === '' ? undefined : value;
}

/** The paths of one cluster. */
export interface ClusterLayout {
  readonly state: string;
  readonly run: string;
  readonly config: string;
  readonly pki: string;
  readonly store: string;
  /** Kubeconfig of the administrator, reachable from the host. */
  readonly kubeconfig: string;
  readonly logs: string;
  readonly pids: string;
  readonly supervisorSocket: string;
  readonly supervisorLock: string;
  /** Identity of the supervisor that `up` started last: it has no lock before it has loaded. */
  readonly supervisorStarted: string;
  readonly controlPlaneSocket: string;
  /** Held by `up` and `down` while they change the cluster; outside of what `down` removes. */
  readonly changeLock: string;
  nodeState(node: string): string;
  nodeConfig(node: string): string;
  nodeKubeconfig(node: string): string;
  agentKubeconfig(node: string): string;
  agentState(node: string): string;
  nodeSocket(node: string): string;
  gateSocket(node: string): string;
  /** Where the cluster's DNS tells the agent what names resolve to. */
  namesSocket(node: string): string;
  /** Where a Windows node's HNS answers. */
  hnsSocket(node: string): string;
  /** Where the node's agent tells of new connections; a Windows node's tells of none. */
  flowLog(node: string): string;
  log(child: string): string;
}

/** Where all clusters are. */
export function clustersDirectory(): string {
  return join(stateRoot(), 'clusters');
}

/** The paths of the cluster; nothing is created. */
export function clusterLayout(name: string): ClusterLayout {
  const state = join(clustersDirectory(), name);
  const run = join(runRoot(), name);
  const nodeState = (node: string): string => join(state, 'nodes', node);
  return {
    state,
    run,
    config: join(state, 'cluster.json'),
    pki: join(state, 'pki'),
    store: join(state, 'store'),
    kubeconfig: join(state, 'kubeconfig'),
    logs: join(state, 'logs'),
    pids: join(run, 'pids'),
    supervisorSocket: join(run, 'supervisor.sock'),
    supervisorLock: join(run, 'supervisor.lock'),
    supervisorStarted: join(run, 'supervisor.started'),
    controlPlaneSocket: join(run, 'control-plane.sock'),
    changeLock: join(runRoot(), `.${name}.lock`),
    nodeState,
    nodeConfig: (node) => join(nodeState(node), 'node.json'),
    nodeKubeconfig: (node) => join(nodeState(node), 'kubeconfig'),
    agentKubeconfig: (node) => join(nodeState(node), 'agent.kubeconfig'),
    agentState: (node) => join(nodeState(node), 'agent'),
    nodeSocket: (node) => join(run, `${node}.sock`),
    gateSocket: (node) => join(run, `${node}-gate.sock`),
    namesSocket: (node) => join(run, `${node}-dns.sock`),
    hnsSocket: (node) => join(run, `${node}-hns.sock`),
    flowLog: (node) => join(state, 'logs', `${node}-flows.jsonl`),
    log: (child) => join(state, 'logs', `${child}.log`),
  };
}
