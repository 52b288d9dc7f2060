/**
 * The supervisor of one cluster: makes its network, starts its processes, keeps them running.
 *
 * ```
 *   weir lab supervise --cluster C
 *     ├── weir lab control-plane --cluster C
 *     └── per node, in its network namespace:
 *           nsenter --net=… weir lab node --config …
 *           nsenter --net=… weir agent run …            (unless the cluster has no engine)
 * ```
 * It also serves for the external hosts. One supervisor per cluster: a lock file with its identity. SIGTERM or `POST /stop` ends the
 * children in reverse order and then the supervisor; the network stays for `down` to remove.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '@weir/net';
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { nodeNetnsName } from '../network/netns-names.ts';
import { boundLog } from './bounded-log.ts';
import { type ClusterConfig, readClusterConfig } from './cluster-config.ts';
import { ClusterError } from './cluster-error.ts';
import { type ClusterLayout, clusterLayout } from './cluster-layout.ts';
import { ensureNetwork } from './cluster-network.ts';
import { readHostRecords, restoreHosts } from './external-hosts.ts';
import { HostServers } from './host-servers.ts';
import { endProcess, readIdentity } from './process-identity.ts';
import { type ProcessLock, takeProcessLock } from './process-lock.ts';
import { type ChildDefinition, SupervisedChild } from './supervised-child.ts';
import { type SupervisorActions, serveSupervisor } from './supervisor-socket.ts';

/** How to supervise. */
export interface SupervisorOptions {
  readonly cluster: string;
  /** Aborted to end the cluster's processes in order. */
  readonly signal: AbortSignal;
}

/** How often logs are looked at for their size. */
const logCheckMs = 30_000;

/** Runs until `signal` is aborted or somebody posts `/stop`. Throws {@link ClusterError}. */
export async function runSupervisor(options: SupervisorOptions): Promise<void> {
  const layout = clusterLayout(options.cluster);
  const config = await readClusterConfig(options.cluster);
  if (config === undefined) throw new ClusterError('not-found', `there is no cluster "${options.cluster}" (${layout.config} is missing)`);
  const lock = lockCluster(layout, options.cluster);
  const log = pino(
    { timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    destination({ fd: 1, sync: true }),
  );
  try {
    await endLeftOvers(layout, log);
    await ensureNetwork(config);
    await restoreHosts(config.name);
    await superviseUntilStopped(config, layout, { log, signal: options.signal });
  } finally {
    lock.release();
  }
}

function lockCluster(layout: ClusterLayout, cluster: string): ProcessLock {
  const taken = takeProcessLock(layout.supervisorLock);
  if ('lock' in taken) return taken.lock;
  throw new ClusterError('busy', `cluster "${cluster}" has a supervisor already (process ${taken.holder.pid})`);
}

async function superviseUntilStopped(
  config: ClusterConfig,
  layout: ClusterLayout,
  world: { log: Logger; signal: AbortSignal },
): Promise<void> {
  const { log, signal } = world;
  const children = childDefinitions(config, layout).map(
    (definition) => new SupervisedChild(definition, (status) => log.info(status, 'process')),
  );
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  if (signal.aborted) stop.abort();
  else signal.addEventListener('abort', () => stop.abort(), { once: true });
  const hosts = new HostServers(config.name);
  const syncHosts = async (): Promise<void> => hosts.sync(await readHostRecords(config.name));
  const server = await serveSupervisor(layout.supervisorSocket, {
    ...actionsOn(config.name, children),
    stop: () => stop.abort(),
    hosts: syncHosts,
  });
  for (const child of children) child.start();
  await syncHosts().catch((error: unknown) => log.error({ err: error }, 'external hosts'));
  const logTimer = setInterval(() => children.forEach((child) => boundLog(child.definition.log)), logCheckMs);
  await stopped;
  log.info('stopping');
  clearInterval(logTimer);
  // Nodes and agents before the control plane: they take their leave of it.
  const [controlPlane, ...others] = children;
  assert(controlPlane !== undefined, 'a cluster has a control plane');
  await Promise.all(others.map((child) => child.stop()));
  await controlPlane.stop();
  hosts.close();
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await rm(layout.supervisorSocket, { force: true });
}

/**
 * Flags of Node: half of the room that V8 gives to new objects. Lists make much that is garbage at once and outside of
 * V8's heap, of which it notices little; it looks twice as often so. With 20 000 pods the peak is some 30 MB lower, for
 * 5 % of a create's processor time (`npm run bench:apiserver`, which measures with the same flag).
 */
const controlPlaneFlags = ['--max-semi-space-size=8'];

/** The processes of a cluster; the control plane first. */
function childDefinitions(config: ClusterConfig, layout: ClusterLayout): ChildDefinition[] {
  const define = (name: string, command: readonly string[]): ChildDefinition => ({
    name,
    command,
    log: layout.log(name),
    pids: layout.pids,
  });
  const [node = '', ...weir] = config.command;
  const definitions = [define('control-plane', [node, ...controlPlaneFlags, ...weir, 'lab', 'control-plane', '--cluster', config.name])];
  for (const { name, system } of config.nodes) {
    const enter = ['nsenter', `--net=/run/netns/${nodeNetnsName(config.name, name)}`, ...config.command];
    definitions.push(define(name, [...enter, 'lab', 'node', '--config', layout.nodeConfig(name)]));
    if (config.engine === 'none') continue;
    const agentOptions = {
      '--kubeconfig': layout.agentKubeconfig(name),
      '--node': name,
      '--gate-socket': layout.gateSocket(name),
      '--state-directory': layout.agentState(name),
      // Its few nodes may say more often than those of a large cluster that they are alive.
      '--status-seconds': '3',
      '--pod-interfaces': 'weir',
      // The lab's nodes announce every pod, and publish its address before its rules are in force.
      '--local-pods': 'announced',
      '--profile': config.engine,
      ...(system !== 'windows' && config.dataplane !== undefined ? { '--dataplane': config.dataplane } : {}),
      ...(system === 'windows' ? windowsOptions(config, layout.hnsSocket(name)) : {}),
      ...(config.established === undefined ? {} : { '--established': config.established }),
    };
    definitions.push(define(`${name}-agent`, [...enter, 'agent', 'run', ...Object.entries(agentOptions).flat()]));
  }
  return definitions;
}

/** Said in full, so that the cluster's description is what holds and no variable of the environment. */
function windowsOptions({ windowsExpandUnsupported = false }: ClusterConfig, hnsSocket: string): Readonly<Record<string, string>> {
  return { '--dataplane': 'hns', '--hns-socket': hnsSocket, '--windows-expand-unsupported': String(windowsExpandUnsupported) };
}

function actionsOn(cluster: string, children: readonly SupervisedChild[]): Omit<SupervisorActions, 'stop' | 'hosts'> {
  const find = (name: string): SupervisedChild | undefined => children.find((child) => child.definition.name === name);
  return {
    status: () => ({ cluster, pid: process.pid, children: children.map((child) => child.status()) }),
    signal: (name, signal) => find(name)?.signal(signal) ?? false,
    hold: async (name) => {
      const child = find(name);
      await child?.stop('held');
      return child !== undefined;
    },
    start: (name) => {
      find(name)?.start();
      return find(name) !== undefined;
    },
  };
}

/** Ends the processes of a supervisor that died without ending them. */
export async function endLeftOvers(layout: ClusterLayout, log: Logger | undefined): Promise<void> {
  await mkdir(layout.pids, { recursive: true, mode: 0o700 });
  const files = await readdir(layout.pids);
  await Promise.all(
    files.map(async (file) => {
      const path = join(layout.pids, file);
      const identity = readIdentity(path);
      if (identity !== undefined) {
        log?.warn({ process: file, pid: identity.pid }, 'ending a process that an earlier supervisor left behind');
        await endProcess(identity, 5_000);
      }
      await rm(path, { force: true });
    }),
  );
}
