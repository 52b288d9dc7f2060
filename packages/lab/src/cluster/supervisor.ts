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
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { boundLog } from './bounded-log.ts';
import { type ClusterConfig, readClusterConfig } from './cluster-config.ts';
import { ClusterError } from './cluster-error.ts';
import { type ClusterLayout, clusterLayout } from './cluster-layout.ts';
import { ensureNetwork } from './cluster-network.ts';
import { ClusterProcesses } from './cluster-processes.ts';
import { readHostRecords, restoreHosts } from './external-hosts.ts';
import { HostServers } from './host-servers.ts';
import { removeStrangers } from './node-remains.ts';
import { OrphanWatch } from './orphaned-change.ts';
import { endProcess, readIdentity } from './process-identity.ts';
import { type ProcessLock, takeProcessLock } from './process-lock.ts';
import type { SupervisedChild } from './supervised-child.ts';
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
    await removeStrangers(config);
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
  const processes = new ClusterProcesses(config, (status) => log.info(status, 'process'));
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  if (signal.aborted) stop.abort();
  else signal.addEventListener('abort', () => stop.abort(), { once: true });
  const hosts = new HostServers(config.name);
  const syncHosts = async (): Promise<void> => hosts.sync(await readHostRecords(config.name));
  const server = await serveSupervisor(layout.supervisorSocket, {
    ...actionsOn(config.name, processes),
    stop: () => stop.abort(),
    hosts: syncHosts,
    nodes: () => processes.reload(),
  });
  processes.start();
  await syncHosts().catch((error: unknown) => log.error({ err: error }, 'external hosts'));
  const logTimer = setInterval(() => processes.children.forEach((child) => boundLog(child.definition.log)), logCheckMs);
  const orphans = new OrphanWatch(config.name, log);
  orphans.start();
  await stopped;
  log.info('stopping');
  clearInterval(logTimer);
  await orphans.stop();
  await processes.stop();
  hosts.close();
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await rm(layout.supervisorSocket, { force: true });
}

function actionsOn(cluster: string, processes: ClusterProcesses): Omit<SupervisorActions, 'stop' | 'hosts' | 'nodes'> {
  const find = (name: string): SupervisedChild | undefined => processes.children.find((child) => child.definition.name === name);
  return {
    status: () => ({ cluster, pid: process.pid, children: processes.children.map((child) => child.status()) }),
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
